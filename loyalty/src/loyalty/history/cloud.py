"""Reads CloudEvents, one JSON object a line: what tills publish, held to the same contract."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

from accrual.domain.facts import Activity, Line, Purchase
from accrual.domain.returns import AskedLine, AskedReturn
from contracts import structured
from contracts.activities import ActivityRecorded
from contracts.envelope import decode, encode
from contracts.faults import Undecodable
from contracts.purchases import PurchaseCancelled, PurchaseRecorded, PurchaseReturned
from loyalty.history.events import Bought, Brought, Did, Event
from loyalty.publish.mapping import BadPiece


def event_of(line: bytes, *, currency: str) -> Event | None:
    """Read one event; None where it is of a kind that says nothing here. Raises BadPiece."""
    try:
        return event_from(decode(encode(structured.read(line))).data, currency=currency)
    except Undecodable as fault:
        raise BadPiece(f"{fault.fault}: {fault.reason}") from fault


def event_from(data: Any, *, currency: str) -> Event | None:
    """Turn what an event says into what happened. A cancellation is a return of everything."""
    read = _READERS.get(type(data))
    return None if read is None else read(data, currency)


def bought(data: PurchaseRecorded) -> Bought:
    """Turn a receipt into what happened. The holder is the customer."""
    moment = data.occurred_at.astimezone(UTC)
    lines = tuple(Line(**{name: getattr(line, name) for name in Line._fields}) for line in data.lines)
    named = {name: getattr(data, name) for name in Purchase._fields if hasattr(data, name) and name not in ("lines", "occurred_at")}
    costs = [line.cost_amount for line in data.lines if line.cost_amount is not None]
    cost = sum(costs) if len(costs) == len(data.lines) else None
    return Bought(moment, data.holder, Purchase(lines=lines, occurred_at=moment, identified=data.holder is not None, **named), cost)


def _brought(data: PurchaseReturned, _: str) -> Brought:
    lines = tuple(AskedLine(line.quantity, line.amount, line.line_id, line.sku) for line in data.lines)
    return Brought(data.occurred_at.astimezone(UTC), data.holder, AskedReturn(data.currency, lines, data.delivery_amount), data.purchase_id)


def _cancelled(data: PurchaseCancelled, currency: str) -> Brought:
    return Brought(data.occurred_at.astimezone(UTC), data.holder, AskedReturn(currency), data.purchase_id)


def _did(data: ActivityRecorded, _: str) -> Did:
    moment = data.occurred_at.astimezone(UTC)
    return Did(moment, data.holder, Activity(data.programme, data.kind, moment, data.zone, data.subject))


_READERS: dict[type, Callable[[Any, str], Event]] = {
    PurchaseRecorded: lambda data, _: bought(data),
    PurchaseReturned: _brought,
    PurchaseCancelled: _cancelled,
    ActivityRecorded: _did,
}
