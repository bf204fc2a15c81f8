"""A till that is open: what it has at hand, and what is on its counter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.envelope import Event
from contracts.replies import EventVerdict
from loyalty.console import Failure, say
from loyalty.till import screen
from loyalty.till.basket import Basket
from loyalty.till.customers import Customers
from loyalty.till.goods import Good
from loyalty.till.journal import Journal
from loyalty.till.sending import send
from loyalty.till.shop import Shop
from loyalty_client import Gateway, HttpPublisher, ProblemError, UnavailableError, UndecidedError
from shared.clock import Clock

#: How long a customer waits for the word that points were given or taken.
VERDICT_SECONDS = 10


@dataclass(slots=True, kw_only=True)
class Till:
    """Where the gateway does not answer, it sells all the same, and tells later."""

    shop: Shop
    goods: Mapping[str, Good]
    journal: Journal
    gateway: Gateway
    publisher: HttpPublisher
    customers: Customers
    clock: Clock
    basket: Basket = field(default_factory=Basket)

    def good(self, sku: str) -> Good:
        """Return goods by their SKU. Fails for what is not sold here."""
        found = self.goods.get(sku)
        if found is None:
            raise Failure(f"No goods {sku}.", advice=f"There are: {', '.join(sorted(self.goods)[:8])}.")
        return found

    def next_receipt(self) -> str:
        """Return the number of the next receipt."""
        return self.shop.receipt_number(self.journal.count("receipt"))

    async def sync(self) -> bool:
        """Send all that waits. True: nothing waits any more."""
        sent = await send(self.journal, self.publisher)
        for event, reason in sent.refused:
            screen.wrong(f"{event.id} will never be taken: {reason}")
        if sent.waiting:
            screen.wrong(f"{sent.waiting} not sent yet; they are kept, and go with the next one or with `sync`.")
        return not sent.waiting

    async def settled(self, event: Event[Any]) -> EventVerdict | None:
        """Wait a little for what becomes of an event. None: it is not known yet; what was kept is safe all the same."""
        try:
            return await self.gateway.settled(event, deadline_seconds=VERDICT_SECONDS)
        except (UndecidedError, UnavailableError):
            return None

    async def release(self) -> None:
        """Give back what was put aside for the counter as it was: it was put aside for that. If nobody answers, it comes back by itself."""
        hold_id, self.basket = self.basket.hold_id, self.basket.unheld()
        if hold_id is None:
            return
        try:
            await self.gateway.release(hold_id, idempotency_key=f"{self.shop.source}/{hold_id}/release")
        except ProblemError as error:
            screen.wrong(f"The points put aside come back by themselves: {error.title}")
        else:
            say("The points put aside are given back.")
