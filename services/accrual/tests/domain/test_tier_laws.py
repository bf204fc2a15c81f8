"""Laws of levels: only what was done decides, not the order in which it became known, nor who looked when."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from accrual.domain.tiers.climb import _BEFORE, Climb, _run, _step
from accrual.domain.tiers.ladder import Ladder
from accrual.domain.tiers.progress import History, Progress
from accrual.domain.tiers.timeline import Assignment, Timeline

from .test_tiers import a_ladder

FIRST = date(2026, 1, 25)
SPANS = ("10 days", "1 month", "45 days")


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    """Any ladder that a document may describe."""
    window = draw(st.sampled_from(("calendar_month", "calendar_quarter", "forever", *SPANS)))
    said = {"window": window, "by": draw(st.sampled_from(("points_earned", "purchases", "[points_earned, money_spent]")))}
    said["levels"] = "[{id: a, from: 0}, {id: b, from: 2}, {id: c, from: 4}, {id: d, from: 7}]"
    if window.startswith("calendar"):
        said["enter"] = draw(st.sampled_from(("at_once", "next_period")))
    if window != "forever" and draw(st.booleans()):
        terms = SPANS if not window.startswith("calendar") else (*SPANS, "end_of_period", "end_of_next_period")
        said["keep"] = draw(st.sampled_from(terms))
        said["downgrade"] = draw(st.sampled_from(("one_step", "to_earned")))
    if window != "forever" and draw(st.booleans()):
        said["grace"] = draw(st.sampled_from(("1 day", "9 days")))
    elif "keep" not in said and draw(st.booleans()):
        said["downgrade"] = "none"
    return a_ladder(**said)


#: Often the same days, as somebody buys twice.
DAYS = st.one_of(st.integers(0, 120), st.sampled_from((5, 40))).map(lambda number: FIRST + timedelta(days=number))
DONE = st.lists(st.tuples(DAYS, st.integers(1, 5)), max_size=8)
TIMELINES = st.lists(st.tuples(st.integers(0, 150), ladders()), min_size=1, max_size=2).map(
    lambda found: Timeline([(FIRST + timedelta(days=day if number else -5), number + 1, ladder) for number, (day, ladder) in enumerate(found)])
)


def counted(points: int) -> Progress:
    return Progress(points=points, money=points * 50, purchases=points)


@settings(max_examples=30, deadline=None)
@given(timeline=TIMELINES, done=DONE)
def test_days_on_which_nothing_could_happen_may_be_skipped(timeline: Timeline, done: list[tuple[date, int]]):
    history = History()
    for day, points in done:
        history.add(day, counted(points))
    stepped = skipped = _BEFORE
    for number in range(-5, 240):
        day = FIRST + timedelta(days=number)
        stepped = _step(timeline.on(day), history, stepped, day)
        skipped = _run(timeline, history, skipped, day)
        assert (stepped.level or "a") == (skipped.level or "a"), day
        if stepped.level not in {None, "a"} and (ladder := timeline.on(day)) is not None and ladder.keep is not None:
            assert stepped.until == skipped.until


@settings(max_examples=30, deadline=None)
@given(timeline=TIMELINES, done=DONE, looks=st.lists(DAYS, max_size=12), order=st.randoms(use_true_random=False))
def test_neither_order_nor_looking_changes_a_level(timeline: Timeline, done: list[tuple[date, int]], looks: list[date], order: object):
    """Purchases of a member and turns of the clock may come in any order: the level in the end is the same."""
    straight = Climb(timeline, History())
    for day, points in sorted(done):
        straight.add(day, counted(points))
    mixed = Climb(timeline, History())
    steps: list[date | tuple[date, int]] = [*done, *looks]
    order.shuffle(steps)  # type: ignore[attr-defined]  # hypothesis gives a Random
    for step in steps:
        if isinstance(step, date):
            mixed.standing(step)
        else:
            mixed.add(step[0], counted(step[1]))
    for number in range(0, 240, 7):
        day = FIRST + timedelta(days=number)
        assert mixed.standing(day) == straight.standing(day)


@settings(max_examples=30, deadline=None)
@given(timeline=TIMELINES, done=DONE, since=DAYS, day=DAYS)
def test_what_is_said_to_come_comes_then_and_not_before(timeline: Timeline, done: list[tuple[date, int]], since: date, day: date):
    floor = Assignment("c", since, since + timedelta(days=20))
    climb = Climb(timeline, History(), [floor])
    for when, points in done:
        if when <= day:
            climb.add(when, counted(points))
    now, turn = climb.standing(day).level, climb.ahead(day)
    until = day + timedelta(days=60) if turn is None else turn[0]
    while day < until - timedelta(days=1):
        day += timedelta(days=1)
        assert climb.standing(day).level == now
    if turn is not None and turn[1] is not None:
        assert climb.standing(turn[0]).level == turn[1].level != now


@settings(max_examples=30, deadline=None)
@given(timeline=TIMELINES, done=DONE, day=DAYS, points=st.integers(1, 9))
def test_bought_and_brought_back_is_as_if_it_never_was(timeline: Timeline, done: list[tuple[date, int]], day: date, points: int):
    climb = Climb(timeline, History())
    for when, earned in done:
        climb.add(when, counted(earned))
    before = [climb.standing(FIRST + timedelta(days=number)) for number in range(0, 240, 11)]
    climb.add(day, counted(points))
    climb.standing(day)
    climb.add(day, counted(-points))
    assert [climb.standing(FIRST + timedelta(days=number)) for number in range(0, 240, 11)] == before
