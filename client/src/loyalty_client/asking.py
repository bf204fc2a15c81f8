"""Questions to the gateway, answered with the models of `contracts.replies`."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote as escaped
from uuid import UUID

from contracts.envelope import Event
from contracts.holds import CaptureRequest, Hold, HoldRequest
from contracts.purchases import PurchaseReturned
from contracts.quotes import Quote
from contracts.replies import (
    Accepted,
    Balance,
    EventVerdict,
    Grant,
    History,
    LookUp,
    Member,
    Movement,
    Programme,
    Programmes,
    Purchase,
    ReturnQuote,
    Waiting,
)
from contracts.requests import GuestRequest, Identifier, QuoteRequest, RegistrationRequest, ReturnQuoteRequest
from contracts.verdicts import Verdict
from loyalty_client.http import TIMEOUT_SECONDS, Api, Token
from loyalty_client.identifiers import Kind
from loyalty_client.problems import NotFoundError, UnavailableError

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 1.0


class UndecidedError(Exception):
    """An event had no verdict, or only that it waits, when the deadline passed. `last` is what was known of it, if anything."""

    def __init__(self, source: str, event_id: str, last: EventVerdict | None) -> None:
        super().__init__(f"{source} {event_id}: {'not decided yet' if last is None else last.verdict}")
        self.last = last


class Gateway:
    """The public query API. Every question raises ProblemError where the answer is no. Use it as an async context manager.

    The documentation of each operation (`/docs` at the gateway) names the scope that the token needs.
    """

    def __init__(self, url: str, token: Token, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._api = Api(url, token, timeout_seconds=timeout_seconds)

    async def __aenter__(self) -> Self:
        await self._api.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._api.__aexit__(kind, error, trace)

    async def look_up(self, kind: Kind, value: str) -> LookUp:
        """Find whoever shows an identifier: a member, or a guest with points waiting; and the holder to publish under, also without a key."""
        asked = Identifier(kind=kind, value=value)
        return LookUp.model_validate_json(await self._api.post("/v1/members/look-up", asked.model_dump_json().encode()))

    async def member(self, member_id: UUID) -> Member:
        """Show a member, without anything personal."""
        return Member.model_validate_json(await self._api.get(f"/v1/members/{member_id}"))

    async def balance(self, member_id: UUID) -> Balance:
        """Show a member's points in every programme: usable, pending, and what expires next."""
        return Balance.model_validate_json(await self._api.get(f"/v1/members/{member_id}/balance"))

    async def history(self, member_id: UUID, *, programme: str | None = None) -> AsyncIterator[Movement]:
        """Give every change of a member's accounts, newest first, page by page as it is read."""
        given = {} if programme is None else {"programme": programme}
        page = History.model_validate_json(await self._api.get(f"/v1/members/{member_id}/history", given))
        while True:
            for movement in page.items:
                yield movement
            if page.next is None:
                return
            page = History.model_validate_json(await self._api.get(f"/v1/members/{member_id}/history", {**given, "cursor": page.next}))

    async def quote(self, cart: QuoteRequest) -> Quote:
        """Say what a cart would earn if it were bought now. Nothing is booked."""
        return Quote.model_validate_json(await self._api.post("/v1/quotes", cart.model_dump_json(exclude_unset=True).encode()))

    async def return_quote(self, wanted: PurchaseReturned | ReturnQuoteRequest) -> ReturnQuote:
        """Say what a return would take and what the customer keeps, before the money moves: the event itself will do. Nothing is booked."""
        return ReturnQuote.model_validate_json(await self._api.post("/v1/returns/quote", wanted.model_dump_json(exclude_unset=True).encode()))

    async def hold(self, wanted: HoldRequest, *, idempotency_key: str) -> Hold:
        """Put points aside for a purchase. The same key puts them aside once, however often it is sent; another body under it is an InvalidError.

        Tell the purchase with the `hold_id`, and they are used; or `capture` or `release` them. A hold that nobody resolves ends by itself.
        """
        return Hold.model_validate_json(await self._command("/v1/holds", wanted.model_dump_json(exclude_unset=True), idempotency_key))

    async def held(self, hold_id: UUID | str) -> Hold:
        """Show a hold, and what became of it."""
        return Hold.model_validate_json(await self._api.get(f"/v1/holds/{hold_id}"))

    async def capture(self, hold_id: UUID | str, *, points: int | None = None, idempotency_key: str) -> Hold:
        """Use the points of a hold, all or so many of them; the rest is given back."""
        body = CaptureRequest(points=points).model_dump_json()
        return Hold.model_validate_json(await self._command(f"/v1/holds/{hold_id}/capture", body, idempotency_key))

    async def release(self, hold_id: UUID | str, *, idempotency_key: str) -> Hold:
        """Give the points of a hold back."""
        return Hold.model_validate_json(await self._command(f"/v1/holds/{hold_id}/release", "{}", idempotency_key))

    async def waiting(self, guest: GuestRequest) -> Waiting:
        """Say what waits for a guest, until when, and how to get it."""
        return Waiting.model_validate_json(await self._api.post("/v1/guests/waiting", guest.model_dump_json(exclude_unset=True).encode()))

    async def register(self, registration: RegistrationRequest, *, idempotency_key: str) -> Accepted:
        """Ask for a membership by HTTP. The same key asks for the same one, however often it is sent."""
        return Accepted.model_validate_json(await self._command("/v1/registrations", registration.model_dump_json(exclude_unset=True), idempotency_key))

    async def why(self, merchant: str, purchase_id: str) -> Purchase:
        """Show every decision about a purchase, step by step; also the one to give nothing."""
        return Purchase.model_validate_json(await self._api.get("/v1/purchases", {"merchant": merchant, "purchase_id": purchase_id}))

    async def grant(self, grant_id: UUID) -> Grant:
        """Show a grant, why it was given, and what remains of it."""
        return Grant.model_validate_json(await self._api.get(f"/v1/grants/{grant_id}"))

    async def programmes(self) -> Programmes:
        """List the programmes, each with its version in force."""
        return Programmes.model_validate_json(await self._api.get("/v1/programmes"))

    async def programme(self, programme: str, *, version: int | None = None) -> Programme:
        """Show a version of a programme; the one in force where none is named."""
        given = {} if version is None else {"version": str(version)}
        return Programme.model_validate_json(await self._api.get(f"/v1/programmes/{escaped(programme, safe='')}", given))

    async def verdict(self, event: Event[Any]) -> EventVerdict | None:
        """Say what became of an event; None while it has not been decided."""
        try:
            found = await self._api.get("/v1/verdicts", {"source": event.source, "event_id": event.id})
        except NotFoundError:
            return None
        return EventVerdict.model_validate_json(found)

    async def settled(self, event: Event[Any], *, deadline_seconds: float = 30) -> EventVerdict:
        """Wait until an event is decided for good, and say how. Outages in between are sat out.

        Raises UndecidedError when the deadline passes. A return that came before its purchase waits for it, and so do we.
        """
        loop = asyncio.get_running_loop()
        until, pause, last = loop.time() + deadline_seconds, _FIRST_PAUSE_SECONDS, None
        while True:
            try:
                last = await self.verdict(event)
            except UnavailableError as error:
                pause = max(pause, error.retry_after or 0)
            if last is not None and last.verdict is not Verdict.WAITING:
                return last
            if loop.time() + pause > until:
                raise UndecidedError(event.source, event.id, last)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _command(self, path: str, body: str, idempotency_key: str) -> bytes:
        return await self._api.post(path, body.encode(), headers={"idempotency-key": idempotency_key})
