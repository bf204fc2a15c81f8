"""The life of one entitlement: what can happen to it, and that it ends once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.rewards.entitlements import Denied, Entitlement, State, as_of, choose, code_of, expire, read_code, release, reserve, reverse, use

from .builders import FRIDAY_NOON
from .rewards import an_entitlement

SOON = FRIDAY_NOON + timedelta(minutes=15)
LAST_MOMENT = datetime(2026, 12, 21, tzinfo=UTC)


def reserved(purpose: str = "till-7/1041") -> Entitlement:
    found = reserve(an_entitlement(), purpose=purpose, until=SOON, at=FRIDAY_NOON)
    assert isinstance(found, Entitlement)
    return found


def reason(answer: Entitlement | Denied) -> str:
    assert isinstance(answer, Denied)
    return answer.reason


def test_it_is_valid_to_the_end_of_its_last_day():
    assert an_entitlement().expires_at == LAST_MOMENT
    assert as_of(an_entitlement(), at=LAST_MOMENT - timedelta(microseconds=1)).state is State.ISSUED
    assert as_of(an_entitlement(), at=LAST_MOMENT).state is State.EXPIRED
    assert an_entitlement("free-cake").expires_at is None


def test_what_is_used_is_used_up():
    used = use(an_entitlement(), purpose=None, at=FRIDAY_NOON)
    assert (used.state, used.used, used.steps) == (State.USED, 1, 2)
    assert reason(use(used, purpose=None, at=FRIDAY_NOON)) == "already-used"


def test_what_has_several_uses_ends_with_the_last():
    one = an_entitlement("lounge-day")
    for number in (1, 2, 3):
        one = use(one, purpose=None, at=FRIDAY_NOON)
        assert (one.used, one.state) == (number, State.USED if number == 3 else State.ISSUED)


def test_a_reservation_keeps_it_for_one_purpose_and_lapses_by_itself():
    held = reserved("till-7/1041")
    assert reason(use(held, purpose="till-8/1", at=FRIDAY_NOON)) == "reserved"
    assert reason(reserve(held, purpose="till-8/1", until=SOON, at=FRIDAY_NOON)) == "reserved"
    assert reserve(held, purpose="till-7/1041", until=SOON + timedelta(days=1), at=FRIDAY_NOON) == held
    assert use(held, purpose="till-7/1041", at=FRIDAY_NOON).state is State.USED
    assert use(held, purpose="till-8/1", at=SOON).state is State.USED


def test_what_is_reserved_on_its_last_day_is_good_until_the_reservation_ends():
    """A cart is quoted before midnight, and paid for after it."""
    before, after = LAST_MOMENT - timedelta(minutes=5), LAST_MOMENT + timedelta(minutes=5)
    held = reserve(an_entitlement(), purpose="till-7/1041", until=LAST_MOMENT + timedelta(minutes=10), at=before)
    assert isinstance(held, Entitlement)
    assert expire(held, at=after) is None
    assert use(held, purpose="till-7/1041", at=after).state is State.USED
    assert as_of(release(held, purpose="till-7/1041"), at=after).state is State.EXPIRED
    assert reason(use(held, purpose="till-7/1041", at=after + timedelta(minutes=5))) == "expired"


def test_a_reservation_is_given_back_by_whoever_made_it():
    held = reserved("till-7/1041")
    assert reason(release(held, purpose="till-8/1")) == "reserved"
    free = release(held, purpose="till-7/1041")
    assert (free.state, free.reserved_for) == (State.ISSUED, None)
    assert reason(release(free, purpose=None)) == "not-reserved"


def test_what_was_taken_back_cannot_be_used_and_what_was_used_is_not_taken_back():
    gone = reverse(reserved())
    assert gone is not None
    assert reason(use(gone, purpose="till-7/1041", at=FRIDAY_NOON)) == "taken-back"
    assert reverse(gone) is None
    assert reverse(use(an_entitlement(), purpose=None, at=FRIDAY_NOON)) is None
    assert expire(gone, at=LAST_MOMENT) is None


def test_a_choice_becomes_what_was_chosen_under_its_own_code():
    choice = an_entitlement("thanks")
    assert (choice.state, choice.kind, choice.choose_by) == (State.OPEN, "choice", datetime(2026, 12, 5, tzinfo=UTC))
    assert reason(use(choice, purpose=None, at=FRIDAY_NOON)) == "choice-open"
    made = choose(choice, an_entitlement("free-drink", id=UUID(int=8), code="OTHER"), at=FRIDAY_NOON)
    assert (made.id, made.code, made.reward, made.kind, made.state, made.choose_by) == (choice.id, choice.code, "free-drink", "gift", State.ISSUED, None)
    assert reason(choose(made, made, at=FRIDAY_NOON)) == "not-a-choice"


def test_a_code_is_read_as_people_type_it():
    code = code_of(UUID(int=7))
    assert (len(code), code) == (12, code_of(UUID(int=7)))
    assert read_code(f"{code[:4].lower()}-{code[4:8]} {code[8:]}") == code
    assert read_code("oil") == "011"


ACTS = st.sampled_from(["reserve", "release", "use", "expire", "reverse", "other-till"])


@given(st.lists(st.tuples(ACTS, st.integers(0, 40)), max_size=30), st.integers(1, 3))
def test_whatever_happens_it_ends_once_and_is_never_used_too_often(acts: list[tuple[str, int]], uses: int):
    one, at, ends = an_entitlement(uses=uses), FRIDAY_NOON, 0
    for act, days in acts:
        at += timedelta(days=days / 4)
        answers = {
            "reserve": lambda one=one, at=at: reserve(one, purpose="a", until=at + timedelta(hours=1), at=at),
            "release": lambda one=one: release(one, purpose="a"),
            "use": lambda one=one, at=at: use(one, purpose="a", at=at),
            "other-till": lambda one=one, at=at: use(one, purpose="b", at=at),
            "expire": lambda one=one, at=at: expire(one, at=at),
            "reverse": lambda one=one: reverse(one),
        }
        after = answers[act]()
        if isinstance(after, Entitlement):
            ends += after.ended and not one.ended
            assert after == one or (not one.ended and after.steps == one.steps + 1)
            assert act != "use" or at < LAST_MOMENT or (one.reserved_until is not None and at < one.reserved_until)
            one = after
    assert ends == one.ended
    assert 0 <= one.used <= uses
    assert (one.state is State.USED) == (one.used == uses)


@pytest.mark.parametrize("state", [State.USED, State.EXPIRED, State.REVERSED])
def test_nothing_happens_after_an_end(state: State):
    over = an_entitlement(state=state)
    answers = (
        reserve(over, purpose="a", until=SOON, at=FRIDAY_NOON), release(over, purpose="a"), use(over, purpose="a", at=FRIDAY_NOON),
        choose(over, over, at=FRIDAY_NOON),
    )  # fmt: skip
    assert all(isinstance(answer, Denied) for answer in answers)
    assert (expire(over, at=LAST_MOMENT), reverse(over)) == (None, None)
