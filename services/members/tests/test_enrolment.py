from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from members.domain.applications import Application, Consent, Profile, faults_of
from members.domain.enrolment import Decision, Known, Result, decide
from members.domain.identifiers import Identifier, Kind

from .builders import NOON

KINDS = {"p": Kind.PHONE, "q": Kind.PHONE, "e": Kind.EMAIL, "c": Kind.CARD}
NEW_CARD = ("n", Identifier(Kind.CARD, "n", "n"))


def applying(key: int, names: str, *, seen: str = "", programme: str = "club", card: tuple[str, Identifier] | None = None) -> Application:
    return Application(
        key=key.to_bytes(),
        member_id=UUID(int=key),
        programme=programme,
        identifiers={name: Identifier(KINDS[name], name, name) for name in names},
        proven=frozenset(seen),
        card=card,
        profile=Profile(),
        consents=(),
        occurred_at=NOON,
    )


def decided(*applications: Application, known: Known | None = None) -> list[Decision]:
    known = known or Known()
    decisions = []
    for application in applications:
        decisions.append(decide(application, known))
        known.take_in(decisions[-1])
    return decisions


def results(*applications: Application) -> list[str]:
    return [f"{decision.result} {decision.reason or ''}".strip() for decision in decided(*applications)]


def test_what_a_till_has_seen_becomes_a_member_with_a_card():
    (decision,) = decided(applying(1, "pe", seen="p", card=NEW_CARD))
    assert decision.result is Result.ENROLLED
    assert (decision.enrols, decision.joins, list(decision.links), decision.claims) == (True, True, ["p", "n"], ("e",))


def test_the_same_again_is_a_duplicate():
    assert results(applying(1, "p", seen="p"), applying(1, "p", seen="p"), applying(2, "p", seen="p")) == ["enrolled", "duplicate", "duplicate"]
    assert results(applying(1, "p"), applying(1, "p")) == ["waiting", "duplicate"]


def test_a_known_identifier_brings_the_others_to_its_member():
    _, second = decided(applying(1, "p", seen="p"), applying(2, "pe", seen="pe"))
    assert (second.result, second.member_id, list(second.links), second.enrols, second.joins) == (Result.JOINED, UUID(int=1), ["e"], False, False)


def test_a_member_joins_another_programme():
    _, second = decided(applying(1, "p", seen="p"), applying(2, "p", seen="p", programme="cafe"))
    assert (second.result, second.member_id, second.joins, second.links) == (Result.JOINED, UUID(int=1), True, {})


def test_identifiers_of_two_members_are_refused():
    assert results(applying(1, "p", seen="p"), applying(2, "e", seen="e"), applying(3, "pe", seen="pe"))[-1] == "refused two-members"


def test_without_proof_an_attempt_waits_and_nobody_else_may_open_one():
    assert results(applying(1, "p"), applying(2, "p"), applying(3, "pe")) == ["waiting", "duplicate attempt-open", "waiting"]


def test_an_attempt_is_proven_by_the_same_registration_later():
    _, second = decided(applying(1, "pe"), applying(1, "pe", seen="p"))
    assert (second.result, second.member_id, second.enrols, second.is_first_proof, second.claims) == (Result.ENROLLED, UUID(int=1), True, True, ())
    *_, third = decided(applying(1, "pe"), applying(1, "pe", seen="p"), applying(1, "pe", seen="e"))
    assert (third.result, third.member_id, list(third.links), third.is_first_proof) == (Result.JOINED, UUID(int=1), ["e"], False)


def test_nobody_gets_in_by_having_typed_anothers_phone_first():
    """Mallory types Ana's phone beside her own e-mail; Ana proves the phone; the e-mail then opens no door to Ana."""
    mallory, ana, later = applying(1, "pe"), applying(2, "p", seen="p"), applying(1, "pe", seen="e")
    _, anas, mallorys = decided(mallory, ana, later)
    assert anas.member_id == UUID(int=2)
    assert mallorys.member_id == UUID(int=1)
    assert list(mallorys.links) == ["e"]


def test_nobody_gets_in_by_adding_to_anothers_attempt():
    ana, mallory, anas_proof, mallorys_proof = applying(1, "p"), applying(2, "pe"), applying(1, "p", seen="p"), applying(2, "pe", seen="e")
    *_, anas, mallorys = decided(ana, mallory, anas_proof, mallorys_proof)
    assert {anas.member_id, mallorys.member_id} == {UUID(int=1), UUID(int=2)}


def test_an_unproven_identifier_of_somebody_else_changes_nothing():
    _, second = decided(applying(1, "p", seen="p"), applying(2, "pe", seen="e"))
    assert (second.member_id, list(second.links), second.claims) == (UUID(int=2), ["e"], ("p",))


def test_an_old_proof_does_not_bring_a_released_identifier_back():
    first = applying(1, "pe", seen="pe")
    released = Known(released={"p": NOON + timedelta(days=1)}, owners={"e": UUID(int=1)}, memberships={(UUID(int=1), "club")})
    known = replace(released, attempts={first.key: decided_attempt(first)})
    assert decided(first, known=known)[0].result is Result.DUPLICATE
    (late,) = decided(applying(2, "p", seen="p"), known=Known(released={"p": NOON + timedelta(days=1)}))
    assert (late.result, late.reason) == (Result.REFUSED, "proof-outdated")
    (after,) = decided(applying(2, "p", seen="p"), known=Known(released={"p": NOON - timedelta(days=1)}))
    assert after.result is Result.ENROLLED


def decided_attempt(application: Application) -> Any:
    known = Known()
    known.take_in(decide(application, known))
    return known.attempts[application.key]


applications = st.builds(
    lambda key, names, seen, programme: applying(key, names, seen="".join(set(seen) & set(names)), programme=programme),
    st.integers(1, 6),
    st.sets(st.sampled_from("pqec"), min_size=1).map("".join),
    st.text("pqec", max_size=3),
    st.sampled_from(["club", "cafe"]),
)


@given(st.lists(applications, max_size=12))
def test_whatever_is_sent_an_identifier_has_one_owner_and_one_claim(sent: list[Application]):
    known = Known()
    linked: dict[str, UUID] = {}
    for application in sent:
        before = dict(known.owners)
        decision = decide(application, known)
        assert not decision.links.keys() & before.keys(), "a link is never taken from its owner"
        assert decision.links.keys() <= application.proven, "nothing is linked that was not proven"
        assert not set(decision.claims) & known.claims.keys(), "one claim each"
        if decision.is_proven:
            linked |= dict.fromkeys(decision.links, decision.member_id)  # type: ignore[arg-type]
        known.take_in(decision)
    assert known.owners == linked


@given(st.lists(applications, min_size=1, max_size=8))
def test_whatever_was_sent_the_same_again_changes_nothing(sent: list[Application]):
    known = Known()
    for application in sent:
        first = decide(application, known)
        known.take_in(first)
        again = decide(application, known)
        assert again.result is (Result.REFUSED if first.result is Result.REFUSED else Result.DUPLICATE)
        assert again.member_id is None


def test_everything_wrong_is_said_at_once():
    faults = faults_of(Profile(birth_date="2024-02-30"), [Consent("advertising", "a-1", "email")], occurred_at=NOON + timedelta(days=1), now=NOON)
    assert sorted(fault.code for fault in faults) == ["bad-birth-date", "in-the-future", "no-processing-consent", "no-terms-consent"]


def test_a_birth_date_is_a_day_somebody_living_was_born_on():
    ticked = [Consent("terms", "t", "any"), Consent("processing", "p", "any")]
    fine = {
        born: not faults_of(Profile(birth_date=born), ticked, occurred_at=NOON, now=NOON) for born in ("1984-02-29", "1899-12-31", "2025-03-11", "1985-02-29")
    }
    assert fine == {"1984-02-29": True, "1899-12-31": False, "2025-03-11": False, "1985-02-29": False}
