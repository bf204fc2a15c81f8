"""What programs ask for by HTTP: register somebody, release an identifier. The caller owns the transaction and remembers the reply."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.members import IdentifierLinked
from members.domain.enrolment import Result
from members.domain.identifiers import Fault
from members.handlers import registrations
from members.handlers.records import Cause, said
from members.handlers.registrations import Case
from members.handlers.submissions import Office, Submission, read
from members.store import Connection, identifiers, members
from shared.outbox import enqueue


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a registration: its result, and all that was wrong with it."""

    result: Result
    faults: Sequence[Fault] = ()
    reason: str | None = None


async def register(connection: Connection, submission: Submission, *, office: Office, now: datetime) -> Registered:
    """Register somebody, as if the registration had come by Kafka."""
    application = read(submission, office=office, now=now)
    if isinstance(application, tuple):
        return Registered(Result.REFUSED, faults=application)
    case = Case(submission, application)
    await registrations.lock(connection, [case], office=office)
    (decision,), messages = await registrations.register(connection, [case], office=office, now=now)
    await enqueue(connection, messages)
    return Registered(decision.result, reason=decision.reason)


async def release(connection: Connection, *, identifier: str, member_id: UUID, cause: Cause, now: datetime) -> bool:
    """Release a member's identifier: it is nobody's from now on, and moves no points. False where it is not theirs."""
    kind = await identifiers.kind_of(connection, identifier)
    if kind is None:
        return False
    await identifiers.lock(connection, {identifier: kind})
    await members.lock(connection, [member_id])
    released = await identifiers.release(connection, identifier=identifier, member_id=member_id, released_at=now)
    if released is None:
        return False
    linked = IdentifierLinked(
        member_id=member_id,
        identifier=identifier,
        kind=released.kind,
        link_version=released.version,
        linked_at=released.linked_at,
        released_at=now,
    )
    await enqueue(connection, [said(linked, cause=cause, holder=identifier, now=now)])
    return True
