"""Questions: whose an identifier is, what a member is, what waits for a guest."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from contracts.fields import Holder, Id
from contracts.replies import EventVerdict
from contracts.requests import GuestRequest, Identifier
from members.api.parts import Desk
from members.api.replies import Member, Points, Resolved, Waiting
from members.domain.identifiers import Fault, Kind
from members.domain.waiting import STEPS
from members.handlers.identifiers import normalise
from members.handlers.submissions import Office
from members.store import identifiers, reading, views, waiting
from shared.auth import Principal, require
from shared.inbox import verdict_of
from shared.problems import Problem

#: Whoever has one of these in their hands may hear what waits for it; a phone number anybody can type.
POSSESSIONS = {"card", "visitor"}


def routes(desk: Desk) -> APIRouter:
    """Return the routes that only read."""
    router = APIRouter(tags=["members"])

    @router.post("/v1/identifiers/resolve", openapi_extra={"x-access": "identifiers:resolve"})
    async def resolve(given: Identifier, _: Annotated[Principal, Depends(require(desk.verifier, "identifiers:resolve"))]) -> Resolved:
        """Tell the keyed hash of an identifier as a person gave it, and whose it is."""
        return await _resolved(desk, holder_of(given, office=desk.office))

    @router.get("/v1/identifiers/{holder}", openapi_extra={"x-access": "identifiers:resolve"})
    async def identifier(holder: Holder, _: Annotated[Principal, Depends(require(desk.verifier, "identifiers:resolve"))]) -> Resolved:
        """Tell whose a hashed identifier is."""
        return await _resolved(desk, holder)

    @router.get("/v1/members/{member_id}", openapi_extra={"x-access": "members:read"})
    async def member(member_id: UUID, _: Annotated[Principal, Depends(require(desk.verifier, "members:read"))]) -> Member:
        """Show a member without anything personal."""
        async with reading(desk.pool) as connection:
            found = await views.member(connection, member_id)
        if found is None:
            raise Problem(404, "unknown-member", "There is no such member")
        return Member.model_validate(found)

    @router.post("/v1/guests/waiting", openapi_extra={"x-access": "guests:read"})
    async def guest(guest: GuestRequest, _: Annotated[Principal, Depends(require(desk.verifier, "guests:read"))]) -> Waiting:
        """Tell what waits for somebody who is no member yet: totals only, zero where nothing does."""
        holder = _possession_of(guest, desk)
        async with reading(desk.pool) as connection:
            totals = await waiting.of_guest(connection, holder=holder, programme=guest.programme)
        register_by = totals.register_by(now=desk.clock())
        return Waiting(
            programme=guest.programme,
            points=Points(pending=totals.pending, available=totals.available),
            register_by=register_by.date() if register_by else None,
            steps=STEPS,
        )

    @router.get("/v1/verdicts", openapi_extra={"x-access": "verdicts:read"})
    async def verdict(source: Id, event_id: Id, _: Annotated[Principal, Depends(require(desk.verifier, "verdicts:read"))]) -> EventVerdict:
        """Tell what became of an event that members heard, as a registration."""
        if "\0" in source + event_id:
            raise Problem(422, "invalid-request", "The request is not valid", "Ids contain no U+0000.")
        async with reading(desk.pool) as connection:
            found = await verdict_of(connection, source, event_id)
        if found is None:
            raise Problem(404, "unknown-event", "No such event has been decided; it may still be on its way")
        return EventVerdict(source=source, event_id=event_id, verdict=found.verdict, reason=found.reason, decided_at=found.decided_at)

    return router


def holder_of(given: Identifier, *, office: Office) -> str:
    """Hash an identifier as a person gave it, or refuse what is none."""
    found = normalise(Kind(given.kind), given.value, spelling=office.spelling)
    if isinstance(found, Fault):
        raise Problem(422, "invalid-identifier", "This is no identifier of its kind", errors=[{"path": "value", "code": found.code, "message": found.message}])
    return office.hashes.holder_of(found)


def _possession_of(guest: GuestRequest, desk: Desk) -> str:
    if guest.identifier is None:
        return guest.holder or ""
    if guest.identifier.kind not in POSSESSIONS:
        detail = "What waits is told for a card, a visitor id or a hash: things somebody holds. A phone or an address anybody can type."
        raise Problem(422, "possession-needed", "Something in the guest's hands is needed", detail)
    return holder_of(guest.identifier, office=desk.office)


async def _resolved(desk: Desk, holder: str) -> Resolved:
    async with reading(desk.pool) as connection:
        if holder.startswith("m:"):
            member_id = UUID(holder[2:])
            owner = member_id if await views.exists(connection, member_id) else None
        else:
            owner = await identifiers.owner_of(connection, holder)
    return Resolved(identifier=holder, member_id=owner)
