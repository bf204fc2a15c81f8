"""Up and down the levels, from day to day. What is remembered in between only saves work: it follows from the history, whoever asks and when."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from accrual.domain.tiers.calendars import ONE_DAY
from accrual.domain.tiers.ladder import Ladder
from accrual.domain.tiers.progress import History, Progress
from accrual.domain.tiers.timeline import Assignment, Timeline, floor_on

#: So many steps are looked ahead. Whoever waits for more looks again at the last of them.
_AHEAD = 200


class State(NamedTuple):
    """After a day on which something could change: the level that was earned, and the last day of its term, if it ends."""

    day: date
    level: str | None = None
    until: date | None = None


_BEFORE = State(date.min)


class Standing(NamedTuple):
    """The level that somebody has on a day: the one earned, or a floor set by hand where that is higher."""

    level: str | None
    until: date | None  #: its last certain day; None: it ends only if something happens, or is kept while it is earned
    by_hand: bool = False


class Climb:
    """One account on the levels of its programme."""

    def __init__(self, timeline: Timeline, history: History, assignments: Sequence[Assignment] = ()) -> None:
        """Take what is known of the account; assignments in the order in which they were made."""
        self.timeline = timeline
        self.history = history
        self.assignments = list(assignments)
        self._base = _BEFORE

    def add(self, day: date, progress: Progress) -> Progress:
        """Count something more on a day, or less; return what counts of the day now."""
        if day <= self._base.day:
            self._base = _BEFORE
        return self.history.add(day, progress)

    def state(self, day: date) -> State:
        """Return what is earned at the end of a day, as far as it is known."""
        start = self._base if self._base.day < day else _BEFORE
        self._base = _run(self.timeline, self.history, start, day - ONE_DAY)
        return _run(self.timeline, self.history, self._base, day)

    def standing(self, day: date) -> Standing:
        """Return the level on a day."""
        return self._standing(self.state(day), day)

    def is_held_higher(self, other: "Climb", day: date) -> bool:
        """Tell whether this account's floor on a day, if it has any, is higher than the other's."""
        ladder, floor, others = self.timeline.on(day), floor_on(self.assignments, day), floor_on(other.assignments, day)
        if ladder is None or floor is None:
            return False
        return others is None or ladder.place(floor.level) > ladder.place(others.level)

    def ahead(self, day: date, *, steps: int = _AHEAD) -> tuple[date, Standing | None] | None:
        """Return when the level changes if nothing more is done, and to which: None for both, if never; no level, if that is too far off to say."""
        state = self.state(day)
        now = self._standing(state, day).level
        for _ in range(steps):
            turns = [turn for turn in (_next_day(self.timeline, self.history, state), self._floor_turn(day)) if turn is not None]
            if not turns:
                return None
            day = min(turns)
            state = _run(self.timeline, self.history, state, day)
            standing = self._standing(state, day)
            if standing.level != now:
                return day, standing
        return day, None

    def _standing(self, state: State, day: date) -> Standing:
        ladder = self.timeline.on(day)
        if ladder is None:
            return Standing(None, None)
        place, floor = ladder.place(state.level), floor_on(self.assignments, day)
        if floor is not None and ladder.place(floor.level) > place:
            return Standing(floor.level, floor.until, by_hand=True)
        return Standing(ladder.levels[place].id, None if ladder.keep is None else state.until)

    def _floor_turn(self, day: date) -> date | None:
        """Return the first day after one on which a floor begins or has ended."""
        turns = [each.since for each in self.assignments] + [each.until + ONE_DAY for each in self.assignments if each.until is not None]
        return min((turn for turn in turns if turn > day), default=None)


def _run(timeline: Timeline, history: History, state: State, day: date) -> State:
    """Go on from a state to a day, through every day on which something could change."""
    while (turn := _next_day(timeline, history, state)) is not None and turn <= day:
        former = timeline.on(state.day)
        if former is not None and former is not timeline.on(turn) and _holds_by_earning(former, history, state):
            state = state._replace(until=turn - ONE_DAY)  # it was earned until the day before other terms began
        state = _step(timeline.on(turn), history, state, turn)
    return state


def _next_day(timeline: Timeline, history: History, state: State) -> date | None:
    turns = [history.next(state.day), timeline.next(state.day)]
    ladder = timeline.on(state.day)
    if ladder is not None and (ladder.next_period or ladder.place(state.level)):
        turns.append(ladder.next_loss(history, state.day))
        if state.until is not None:
            reviews = (state.until + ONE_DAY, state.until + (ladder.grace_days + 1) * ONE_DAY)
            turns.append(next((turn for turn in reviews if turn > state.day and not _holds_by_earning(ladder, history, state)), None))
    return min((turn for turn in turns if turn is not None), default=None)


def _holds_by_earning(ladder: Ladder, history: History, state: State) -> bool:
    """Tell whether the level is kept while it is earned, and was earned on the state's day: not in grace, and not on a term of other terms."""
    return ladder.keep is None and state.until == state.day and ladder.earned(history, state.day) >= ladder.place(state.level)


def _step(ladder: Ladder | None, history: History, state: State, day: date) -> State:
    """Return the state after a day. Between it and the state's own nothing could change."""
    if ladder is None:
        return State(day)
    place, earned = ladder.place(state.level), ladder.earned(history, day)
    if ladder.falls == "none":
        return State(day, ladder.levels[max(place, earned)].id)
    until = ladder.kept_until(day) if state.until is None else state.until
    if ladder.keep is None and (state.until is None or _holds_by_earning(ladder, history, state)):
        until = day - ONE_DAY  # it was earned until yesterday
    if place and day > until:
        place, until = _reviewed(ladder, history, place, until, day)
    if earned > place or (earned == place and until < day):
        place, until = earned, ladder.kept_until(day)
    return State(day, ladder.levels[place].id, until if place else None)


def _reviewed(ladder: Ladder, history: History, place: int, last: date, day: date) -> tuple[int, date]:
    """Return which level follows a term that is over, and its last day: the same, earned anew or in grace, or a lower one."""
    onward, earned = ladder.kept_until(last), ladder.earned(history, day)
    before = ladder.earned(history, last) if onward > last else 0  # what was earned on the last day counts if it reaches further
    if before >= place:
        return place, onward
    if earned >= place or day <= last + ladder.grace_days * ONE_DAY:
        return place, last
    due = max(earned, before)
    return due if ladder.falls == "to_earned" else max(place - 1, due), onward if onward >= day else ladder.kept_until(day)
