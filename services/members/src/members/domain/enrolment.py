"""What becomes of a registration: a member, more for a member, an attempt that waits for proof, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from members.domain.applications import Application
from members.domain.identifiers import Identifier


class Result(StrEnum):
    """How a registration ended."""

    ENROLLED = "enrolled"
    JOINED = "joined"
    WAITING = "waiting"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A registration that was taken: its future member, whether anything of it has been proven yet, and the event that opened it."""

    member_id: UUID
    proven: bool
    event: bytes = b""


@dataclass(slots=True, kw_only=True)
class Known:
    """What is known of the identifiers of a batch. Each decision is taken in before the next registration is looked at."""

    owners: dict[str, UUID] = field(default_factory=dict)
    released: dict[str, datetime] = field(default_factory=dict)
    claims: dict[str, bytes] = field(default_factory=dict)
    attempts: dict[bytes, Attempt] = field(default_factory=dict)
    memberships: set[tuple[UUID, str]] = field(default_factory=set)

    def take_in(self, decision: "Decision") -> None:
        """Know from now on what was decided."""
        if decision.member_id is None:
            return
        key = decision.application.key
        self.attempts[key] = Attempt(decision.member_id, proven=decision.is_proven)
        self.owners |= dict.fromkeys(decision.links, decision.member_id)
        for identifier in decision.links:
            self.claims.pop(identifier, None)
        self.claims |= dict.fromkeys(decision.claims, key)
        if decision.is_proven:
            self.memberships.add((decision.member_id, decision.application.programme))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one registration, and everything that has to be written for it.

    `claims` are identifiers that wait for their own proof under this registration; nobody else's attempt may have them.
    """

    application: Application
    result: Result
    reason: str | None = None
    member_id: UUID | None = None
    enrols: bool = False
    joins: bool = False
    is_first_proof: bool = False
    links: Mapping[str, Identifier] = field(default_factory=dict)
    claims: tuple[str, ...] = ()

    @property
    def is_proven(self) -> bool:
        """Whether a member stands behind it now."""
        return self.member_id is not None and bool(self.application.proven)


def decide(application: Application, known: Known) -> Decision:
    """Decide what becomes of a registration without faults. Whoever proves nothing, changes nothing but their own attempt."""
    attempt = known.attempts.get(application.key)
    if application.proven:
        return _on_proof(application, attempt, known)
    if attempt is not None:
        return Decision(application=application, result=Result.DUPLICATE)
    return _without_proof(application, known)


def _on_proof(application: Application, attempt: Attempt | None, known: Known) -> Decision:
    owners = {known.owners[identifier] for identifier in application.proven if identifier in known.owners}
    taken = attempt if attempt is not None and attempt.proven else None
    if taken is not None:
        owners.add(taken.member_id)
    if len(owners) > 1:
        return Decision(application=application, result=Result.REFUSED, reason="two-members")
    outdated = {identifier for identifier in application.proven if known.released.get(identifier, application.occurred_at) > application.occurred_at}
    if outdated and taken is None:
        return Decision(application=application, result=Result.REFUSED, reason="proof-outdated")
    member_id = next(iter(owners), attempt.member_id if attempt else application.member_id)
    links = _links(application, new=application.proven - known.owners.keys() - outdated, enrols=not owners)
    joins = (member_id, application.programme) not in known.memberships
    claims = tuple(
        identifier
        for identifier in application.identifiers
        if identifier not in application.proven and identifier not in known.claims and known.owners.get(identifier) != member_id
    )
    if joins or links:
        result = Result.JOINED if owners else Result.ENROLLED
    elif claims:
        result = Result.WAITING
    else:
        return Decision(application=application, result=Result.DUPLICATE)
    return Decision(
        application=application,
        result=result,
        member_id=member_id,
        enrols=not owners,
        joins=joins,
        is_first_proof=taken is None,
        links=links,
        claims=claims,
    )


def _links(application: Application, *, new: frozenset[str], enrols: bool) -> dict[str, Identifier]:
    """Everything newly proven, and a card for a new member who brings none."""
    links = {identifier: typed for identifier, typed in application.identifiers.items() if identifier in new}
    if enrols and application.card is not None:
        links |= dict([application.card])
    return links


def _without_proof(application: Application, known: Known) -> Decision:
    owners = {known.owners.get(identifier) for identifier in application.identifiers}
    owner = next(iter(owners)) if len(owners) == 1 else None
    if owner is not None and (owner, application.programme) in known.memberships:
        return Decision(application=application, result=Result.DUPLICATE)
    free = tuple(identifier for identifier in application.identifiers if identifier not in known.claims)
    if not free:
        return Decision(application=application, result=Result.DUPLICATE, reason="attempt-open")
    return Decision(application=application, result=Result.WAITING, member_id=application.member_id, claims=free)
