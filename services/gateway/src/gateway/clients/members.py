"""Questions to members, which owns people and their identifiers."""

from uuid import UUID

from contracts.replies import Accepted, EventVerdict, Member, Resolved, Waiting
from gateway.clients.services import Asking, OwningService, Question


class Members:
    """What members can be asked. Each question ends by its deadline with a reply, a Problem or Unavailable."""

    def __init__(self, service: OwningService) -> None:
        self._service = service

    async def member(self, member_id: UUID, asking: Asking) -> Member:
        """Ask for one member."""
        return await self._service.ask(Member, Question(f"/v1/members/{member_id}"), asking)

    async def resolve(self, identifier: bytes, asking: Asking) -> Resolved:
        """Ask for the keyed hash of an identifier as a person gave it, and whose it is."""
        return await self._service.ask(Resolved, Question("/v1/identifiers/resolve", body=identifier), asking)

    async def waiting(self, guest: bytes, asking: Asking) -> Waiting:
        """Ask what waits for a guest."""
        return await self._service.ask(Waiting, Question("/v1/guests/waiting", body=guest), asking)

    async def verdict(self, asking: Asking, *, source: str, event_id: str) -> EventVerdict:
        """Ask what became of an event that members heard."""
        return await self._service.ask(EventVerdict, Question("/v1/verdicts", {"source": source, "event_id": event_id}), asking)

    async def register(self, registration: bytes, asking: Asking) -> Accepted:
        """Ask for a membership. The idempotency key travels with the asking."""
        return await self._service.ask(Accepted, Question("/v1/registrations", body=registration, reads=False), asking)
