"""Registers people: what a till has proven becomes a member, the rest waits for its proof."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.verdicts import Verdict
from members.domain.applications import Application
from members.domain.enrolment import Decision, Known, Result, decide
from members.handlers.records import announcements, keep
from members.handlers.submissions import Office, Submission
from members.store import Connection, attempts, identifiers, members
from shared import inbox
from shared.outbox import Message

#: Even with half of all numbers given out, all of these would be taken only once in 256 registrations.
_MOST_CARDS_TRIED = 8


@dataclass(frozen=True, slots=True)
class Case:
    """A registration without faults, and how it arrived."""

    submission: Submission
    application: Application

    @property
    def card(self) -> str | None:
        """The card that a new member would be given."""
        return self.application.card[0] if self.application.card else None


async def lock(connection: Connection, cases: Sequence[Case], *, office: Office) -> None:
    """Take everything that these registrations touch: their attempts, identifiers and members, in this order."""
    await attempts.lock(connection, {case.application.key for case in cases})
    await _lock_identifiers(connection, cases)
    free = await _with_free_cards(connection, cases, office=office)
    if any(case.card != first.card for case, first in zip(free, cases, strict=True)):
        await _lock_identifiers(connection, free)
    known = await _known_of(connection, cases)
    await members.lock(connection, {*known.owners.values(), *(attempt.member_id for attempt in known.attempts.values())})


async def register(connection: Connection, cases: Sequence[Case], *, office: Office, now: datetime) -> tuple[list[Decision], list[Message]]:
    """Decide what becomes of registrations whose locks are held, in order, and keep it; return what is to be said of them."""
    cases = await _with_free_cards(connection, cases, office=office)
    known = await _known_of(connection, cases)
    before, claimed = dict(known.attempts), dict(known.claims)
    decisions = []
    for case in cases:
        decision = decide(case.application, known)
        known.take_in(decision)
        decisions.append(decision)
    pairs = [(case.submission, decision) for case, decision in zip(cases, decisions, strict=True) if decision.member_id is not None]
    kept = await keep(connection, pairs, known, vault=office.vault, existing=before, now=now)
    linked = {identifier for decision in decisions for identifier in decision.links}
    await attempts.end_claims(connection, linked)
    new_claims = {identifier: attempt for identifier, attempt in known.claims.items() if identifier in linked or claimed.get(identifier) != attempt}
    await attempts.claim(connection, new_claims, now=now)
    proven = [attempt.event for key, attempt in before.items() if not attempt.proven and known.attempts[key].proven]
    await inbox.resolve(connection, dict.fromkeys(proven, (Verdict.APPLIED, None)), now=now)
    return [_settled(decision, known) for decision in decisions], announcements(pairs, kept, now=now)


def _settled(decision: Decision, known: Known) -> Decision:
    """Let a registration that is proven later in its own batch wait no more."""
    waits_no_more = decision.result is Result.WAITING and not decision.is_proven and known.attempts[decision.application.key].proven
    return replace(decision, result=Result.JOINED) if waits_no_more else decision


async def _known_of(connection: Connection, cases: Sequence[Case]) -> Known:
    names = {identifier for case in cases for identifier in case.application.identifiers}
    owners = await identifiers.owners_of(connection, names)
    taken = await attempts.load(connection, {case.application.key for case in cases})
    belongs = {*owners.live.values(), *(attempt.member_id for attempt in taken.values())}
    return Known(
        owners=owners.live,
        released=owners.released,
        claims=await attempts.claims_of(connection, names),
        attempts=taken,
        memberships=await members.memberships_of(connection, belongs),
    )


async def _lock_identifiers(connection: Connection, cases: Sequence[Case]) -> None:
    kinds = {name: str(identifier.kind) for case in cases for name, identifier in case.application.identifiers.items()}
    kinds |= {case.card: "card" for case in cases if case.card is not None}
    await identifiers.lock(connection, kinds)


async def _with_free_cards(connection: Connection, cases: Sequence[Case], *, office: Office) -> list[Case]:
    """Offer every new member a card that was never anybody's; almost always it is the first that was drawn."""
    for ordinal in range(1, _MOST_CARDS_TRIED):
        taken = await _taken_cards(connection, cases)
        if not taken:
            break
        cases = [_redrawn(case, office=office, ordinal=ordinal) if case.card in taken else case for case in cases]
    return list(cases)


async def _taken_cards(connection: Connection, cases: Sequence[Case]) -> set[str]:
    drawn = {case.card: case.application.member_id for case in cases if case.card is not None}
    owners = await identifiers.owners_of(connection, drawn)
    return {card for card, member_id in drawn.items() if card in owners.released or owners.live.get(card, member_id) != member_id}


def _redrawn(case: Case, *, office: Office, ordinal: int) -> Case:
    card = office.card_of(case.submission, case.application.member_id, ordinal=ordinal)
    return replace(case, application=replace(case.application, card=card))
