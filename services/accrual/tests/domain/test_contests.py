"""What purchases and activities score in a contest, as much as is left of them, and what is wrong with one before it is published."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.contests import Contest
from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.facts import Activity, Registration
from accrual.domain.returns import Back, Returned
from accrual.domain.terms.page import terms_of

from .builders import FRIDAY_NOON, a_document, a_line, a_programme, a_purchase

BASE = "- {id: base, give: {points: 1, per: 20.00}}\n"
DAYS = "from: 2026-11-01, until: 2026-11-30"
PRIZES = "prizes: [{places: 1, points: 100}]"


def a_contest(score: str = "{score: 1, per: 10.00}", **sections: str) -> Contest:
    programme = a_programme(BASE, contests=f"{{id: race, {DAYS}, score: {score}, {PRIZES}}}", **sections)
    found = programme.contests.get("race")
    assert found is not None
    assert programme.contests
    return found


def scored(contest: Contest, *lines: object, back: Returned | None = None, **fields: object) -> int:
    return contest.score_of(a_purchase(*lines, **fields), back or Returned())  # type: ignore[arg-type]  # as the builder takes them


def test_full_amounts_score_and_the_rest_does_not():
    assert [scored(a_contest(), paid) for paid in (9_99, 10_00, 19_99, 120_00)] == [0, 1, 1, 12]


def test_each_purchase_scores_once_however_much_it_is():
    contest = a_contest("{score: 5}")
    assert [scored(contest, 1), scored(contest, 100_00, 200_00)] == [5, 5]


def test_only_certain_goods_score():
    contest = a_contest("{score: 1, per: 10.00, when: {category: [tea, cake], exclude: {label: sale}, store: north}}")
    tea, sale = a_line(30_00, "t", category="tea"), a_line(50_00, "s", category="cake", labels=("sale", "new"))
    assert scored(contest, tea, sale, a_line(90_00, "x"), store="north") == 3
    assert scored(contest, tea, store="south") == scored(contest, tea) == 0


def test_the_minimum_is_of_what_is_left_of_the_whole_receipt():
    contest = a_contest("{score: 7, when: {category: tea, minimum: 50.00}}")
    tea, other = a_line(10_00, "t", category="tea"), a_line(40_00, "x")
    assert scored(contest, tea, other) == 7
    assert scored(contest, tea, other, back=Returned({"x": Back(500, 20_00)})) == 0


def test_activities_score_and_registrations_do_not():
    contest = a_contest("[{score: 20, on: activity, activity: [posted, came]}, {score: 5}]")
    assert contest.score_of(Activity(programme="shop", kind="posted", occurred_at=FRIDAY_NOON), Returned()) == 20
    assert contest.score_of(Activity(programme="shop", kind="sneezed", occurred_at=FRIDAY_NOON), Returned()) == 0
    assert contest.score_of(Registration(programme="shop", occurred_at=FRIDAY_NOON), Returned()) == 0


def test_a_contest_lasts_from_its_first_midnight_to_its_last_and_is_settled_days_later():
    contest, zone = a_contest(zone="Asia/Tokyo"), ZoneInfo("Asia/Tokyo")
    first, last = datetime(2026, 11, 1, tzinfo=zone), datetime(2026, 12, 1, tzinfo=zone)
    instant = timedelta(microseconds=1)
    assert [scored(contest, 10_00, occurred_at=at) for at in (first - instant, first, last - instant, last)] == [0, 1, 1, 0]
    assert contest.settles_at == last + timedelta(days=3)


@given(st.lists(st.integers(0, 300_00), min_size=1, max_size=4), st.data())
def test_the_more_comes_back_the_less_a_purchase_scores_and_nothing_when_all_did(paid: list[int], data: st.DataObject):
    contest = a_contest("[{score: 3, per: 7.00}, {score: 2, when: {minimum: 20.00}}]")
    part = [data.draw(st.integers(0, amount)) for amount in paid]
    less = Returned({str(number): Back(500, amount) for number, amount in enumerate(part, start=1)})
    everything = Returned({str(number): Back(1000, amount) for number, amount in enumerate(paid, start=1)})
    assert scored(contest, *paid) >= scored(contest, *paid, back=less) >= scored(contest, *paid, back=everything) == 0


@pytest.mark.parametrize(
    ("contest", "path", "message"),
    [
        (f"from: 2026-11-02, until: 2026-11-01, score: {{score: 1}}, {PRIZES}", "", "before it starts"),
        (f"{DAYS}, score: {{score: 1}}, prizes: [{{places: 1-3, points: 1}}, {{places: 2, points: 2}}]", "", "two prizes"),
        (f"{DAYS}, score: {{score: 1}}, prizes: [{{places: 3-2, points: 1}}]", ".prizes[0]", "comes after"),
        (f"{DAYS}, score: {{score: 1}}, prizes: [{{places: last, points: 1}}]", ".prizes[0].places", "not written as it should be"),
        (f"{DAYS}, score: {{score: 1}}, prizes: [{{places: 1}}]", ".prizes[0]", "gives nothing, or two things"),
        (f"{DAYS}, score: {{score: 1}}, prizes: [{{places: 1, reward: cake}}]", ".prizes[0].reward", "is not a reward"),
        (f"{DAYS}, score: {{score: 1}}, prizes: [{{places: 1-3, reward: mug}}]", ".prizes[0].reward", "there are 2, and 3 places"),
        (f"{DAYS}, score: {{score: 1}}, prizes: [{{places: 1, points: 0.5}}]", ".prizes[0].points", "finer than 0 decimals"),
        (f"{DAYS}, score: [{{score: 1, on: activity}}], {PRIZES}", ".score[0]", "not which activity"),
        (f"{DAYS}, score: [{{score: 1, activity: posted}}], {PRIZES}", ".score[0]", "not which activity"),
        (f"{DAYS}, score: [{{score: 1, on: activity, activity: posted, per: 1.00}}], {PRIZES}", ".score[0]", "no money"),
        (f"{DAYS}, score: [{{score: 1, per: 0.001}}], {PRIZES}", ".score[0].per", "finer than the smallest coin"),
        (f"from: 2026-11-01, until: 2027-01-01, score: {{score: 1}}, {PRIZES}", ".until", "goes on when the version has ended"),
    ],
)
def test_what_is_wrong_with_a_contest_is_said_before_anything_is_published(contest: str, path: str, message: str):
    sections = {"rewards": "[{id: mug, kind: gift, stock: 2}]", "effective_until": "2026-12-31"}
    with pytest.raises(DocumentError) as refused:
        read(a_document(BASE, contests=f"[{{id: race, {contest}}}]", **sections))
    assert all(found.advice for found in refused.value.problems)
    assert message in {found.path: found.message for found in refused.value.problems}[f"contests[0]{path}"]


def test_two_contests_have_two_names_and_points_are_a_point_of_the_programme():
    one = f"{{id: race, {DAYS}, score: {{score: 1}}, {PRIZES}}}"
    with pytest.raises(DocumentError, match="another one is called `race` too"):
        read(a_document(BASE, contests=f"[{one}, {one.replace('score: 1', 'score: 2')}]"))


@pytest.mark.parametrize(("language", "said"), [("en", "5 for the action review each time"), ("ru", "5 за действие review каждый раз")])
def test_members_read_for_which_action_they_score(language: str, said: str):
    document = read(a_document(BASE, contests=f"{{id: race, {DAYS}, score: {{score: 5, on: activity, activity: review}}, {PRIZES}}}"))
    assert said in terms_of(document, language).paragraphs()["contests/race"].text
