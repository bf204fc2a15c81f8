"""For a friend both get something: for the first purchase in time that stays bought, never sooner than it may come back, and never in a circle."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.compiler import compile_document
from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.referrals import Bought, Invited, Objection, ReferralRules, Side
from accrual.domain.terms.page import terms_of
from accrual.domain.terms.rendering import as_markdown

from .builders import PROGRAMMES, a_document, a_programme, points

BASE = "- {id: base, give: {points: 1, per: visit}}\n"
GIVE = "give: {inviter: 500, friend: 200}"
JOINED = datetime(2026, 11, 2, 15, tzinfo=UTC)
ANA, BORIS, VERA = (UUID(int=number) for number in (1, 2, 3))


def rules(more: str = "", **sections: str) -> ReferralRules:
    made = a_programme(BASE, referrals=f"{{{GIVE}{more}}}", **sections).referrals
    assert made is not None
    return made


def bought(day: int, left: int | None = 10_00, *, key: bytes = b"", hour: int = 12, currency: str = "EUR") -> Bought:
    """Something bought so many days after joining."""
    return Bought(key or bytes([day % 256]), JOINED.replace(hour=hour) + timedelta(days=day), currency, left)


def invited(friend: UUID = BORIS, inviter: UUID = ANA, inviter_joined_at: datetime | None = JOINED - timedelta(days=1)) -> Invited:
    return Invited(friend, inviter, JOINED, inviter_joined_at)


def test_terms_say_that_whoever_invites_has_joined_before():
    document = read(a_document(BASE, referrals=f"{{{GIVE}}}"))
    assert "member who joined earlier and invites a friend gets" in as_markdown(terms_of(document, "en"))
    assert "частник, вступивший раньше и пригласивший друга, получает" in as_markdown(terms_of(document, "ru"))


def test_the_first_purchase_of_which_something_is_left_counts():
    assert rules().counting(JOINED, [bought(9), bought(3, None), bought(5), bought(4, 0)]) == bought(4, 0)
    assert rules().counting(JOINED, [bought(3, None)]) is None


def test_a_minimum_asks_how_much_of_the_purchase_is_left():
    of_twenty = rules(", minimum: 20.00")
    assert of_twenty.counting(JOINED, [bought(1, 19_99), bought(2, 20_00)]) == bought(2, 20_00)
    by_currency = rules(", minimum: {EUR: 20.00, USD: 25.00}", currency="", currencies="[EUR, USD]", points=points(worth="{EUR: 0.01, USD: 0.01}"))
    assert by_currency.counting(JOINED, [bought(1, 24_99, currency="USD"), bought(2, 20_00)]) == bought(2, 20_00)
    assert by_currency.counting(JOINED, [bought(1, 99_00, currency="GBP")]) is None


def test_only_what_is_bought_soon_enough_after_joining_counts():
    assert rules().counting(JOINED, [bought(30, hour=23)]) == bought(30, hour=23)
    assert rules().counting(JOINED, [bought(31, hour=0), bought(0, hour=14)]) is None


def test_both_are_given_points_when_the_last_day_for_returns_is_over():
    assert rules().pays_at(bought(1).occurred_at) == datetime(2026, 11, 18, tzinfo=UTC)
    assert rules(", hold: 0 days", zone="Europe/Moscow").pays_at(bought(1, hour=21).occurred_at) == datetime(2026, 11, 4, 21, tzinfo=UTC)


def test_points_can_be_used_at_once_and_live_from_then_on():
    granted = rules(expiry="{after: 30 days}").grant(Side.INVITER, date(2026, 11, 18))
    assert (granted.points, granted.usable_from, granted.expires_at) == (500, datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 12, 19, tzinfo=UTC))
    closing = rules(close="{earn_until: 2026-11-30, spend_until: 2026-12-05}").grant(Side.FRIEND, date(2026, 11, 18))
    assert (closing.points, closing.expires_at) == (200, datetime(2026, 12, 6, tzinfo=UTC))


@pytest.mark.parametrize(
    ("case", "objection"),
    [
        (invited(), None),
        (invited(inviter=BORIS), Objection.SAME_PERSON),
        (invited(inviter_joined_at=None), Objection.NOT_A_MEMBER),
        (invited(inviter_joined_at=JOINED), Objection.JOINED_LATER),
        (invited(inviter_joined_at=JOINED + timedelta(days=1)), Objection.JOINED_LATER),
    ],
)
def test_whoever_invites_is_somebody_else_who_joined_before(case: Invited, objection: Objection | None):
    assert rules().objection(case, [bought(1)], [], payday=date(2026, 11, 18)) is objection


def test_somebody_who_bought_before_joining_was_a_customer_already():
    assert rules().objection(invited(), [bought(1), bought(-1, None)], [], payday=date(2026, 11, 18)) is Objection.KNOWN_BEFORE


def test_one_member_is_given_something_for_so_many_friends_a_period():
    two_a_month = rules(", cap: {times: 2, per: month}")
    paid = [date(2026, 10, 31), date(2026, 11, 1)]
    assert two_a_month.objection(invited(), [], paid, payday=date(2026, 11, 30)) is None
    assert two_a_month.objection(invited(), [], [*paid, date(2026, 11, 30)], payday=date(2026, 11, 18)) is Objection.TOO_MANY


@pytest.mark.parametrize(
    ("section", "path", "message"),
    [
        ({"referrals": "{give: {inviter: 0.5, friend: 1}}"}, "referrals.give.inviter", "finer than 0 decimals"),
        ({"referrals": "{give: {inviter: 5}}"}, "referrals.give.friend", "missing"),
        ({"referrals": f"{{{GIVE}, minimum: 0.001}}"}, "referrals.minimum", "smallest coin"),
        ({"referrals": f"{{{GIVE}, hold: 2 weeks}}"}, "referrals.hold", "14 days"),
        (
            {"referrals": "{give: {inviter: 999999999999, friend: 1}}", "points": points(decimals="4")},
            "referrals.give.inviter",
            "more than an account can hold",
        ),
        ({"referrals": f"{{{GIVE}}}", "points": ""}, "referrals.give", "what a point is"),
    ],
)
def test_a_promise_that_cannot_be_kept_is_found(section: dict[str, str], path: str, message: str):
    with pytest.raises(DocumentError) as refused:
        read(a_document(BASE, **section))
    found = {problem.path: f"{problem.message} {problem.advice}" for problem in refused.value.problems}
    assert message in found[path]


def test_the_cinema_keeps_what_its_document_promises():
    made = compile_document(read((PROGRAMMES / "city-cinema.yaml").read_text())).referrals
    assert made is not None
    assert (made.points(Side.INVITER), made.points(Side.FRIEND)) == (300, 100)
    visits = [bought(2, 299_99, currency="RUB"), bought(3, 300_00, currency="RUB")]
    assert made.counting(JOINED, visits) == visits[1]
    assert made.payday(visits[1].occurred_at) == date(2026, 11, 13)


PURCHASES = st.lists(st.builds(bought, st.integers(-3, 40), st.none() | st.integers(0, 30_00), key=st.binary(min_size=2, max_size=2)), max_size=8)


@given(PURCHASES)
def test_whatever_counts_was_made_in_time_and_nothing_that_counts_was_made_before_it(purchases: list[Bought]):
    of_ten = rules(", minimum: 10.00")
    found = of_ten.counting(JOINED, purchases)
    good = [each for each in purchases if (each.left or 0) >= 10_00 and JOINED <= each.occurred_at < of_ten.ends_at(JOINED)]
    assert (found is None) == (not good)
    assert found is None or (found in good and all(found.occurred_at <= each.occurred_at for each in good))


@given(PURCHASES, st.integers(0, 60))
def test_nobody_looks_too_late_or_for_ever(purchases: list[Bought], hold: int):
    """Whoever looks only when told to gives on the very day on which it can be given, or learns that there is nothing to give."""
    held = rules(f", hold: {hold} days")
    counting = held.counting(JOINED, purchases)
    now, looks = held.pays_at(JOINED), 0
    while True:
        known = held.counting(JOINED, [each for each in purchases if each.occurred_at <= now])
        again = held.look_again(JOINED, known, now=now)
        if again is None or (known is not None and again <= now):
            break
        assert again > now
        now, looks = again, looks + 1
    assert known == counting
    assert counting is None or now == held.pays_at(counting.occurred_at)
    assert looks <= 32


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20), st.lists(st.integers(0, 3), min_size=7, max_size=7))
def test_no_chain_of_invitations_leads_back_to_where_it_began(claims: list[tuple[int, int]], days: list[int]):
    joined = [JOINED + timedelta(days=day) for day in days]
    inviter = {}
    for friend, other in claims:
        case = Invited(UUID(int=friend), UUID(int=other), joined[friend], joined[other])
        if rules().objection(case, [], [], payday=date(2026, 11, 18)) is None:
            inviter.setdefault(friend, other)
    for friend in inviter:
        seen, at = list[int](), friend
        while at in inviter:
            assert at not in seen
            seen.append(at)
            at = inviter[at]
