"""From what is said of purchases to what the rules see and what is kept: facts, and bodies without whose they are."""

from datetime import UTC, datetime
from typing import cast

import orjson
from pydantic import TypeAdapter

from accrual.domain.exchanges import as_exchanged
from accrual.domain.facts import Line, Payment, Purchase
from accrual.domain.returns import Back, Returned
from contracts.purchases import PurchaseCancelled, PurchaseConfirmed, PurchaseRecorded, PurchaseReturned

Later = PurchaseReturned | PurchaseConfirmed | PurchaseCancelled
"""What may come after a purchase."""

_BODIES = TypeAdapter(PurchaseRecorded)
_LATER: dict[str, TypeAdapter[Later]] = {model.type: TypeAdapter(model) for model in (PurchaseReturned, PurchaseConfirmed, PurchaseCancelled)}
_HOLDER = {"holder"}


def purchase_of(data: PurchaseRecorded, *, identified: bool) -> Purchase:
    """Return a purchase as the rules see it."""
    return Purchase(
        merchant=data.merchant,
        purchase_id=data.purchase_id,
        lines=cast("tuple[Line, ...]", data.lines),  # a wire line has every field of a domain line, under the same name
        currency=data.currency,
        occurred_at=data.occurred_at.astimezone(UTC),
        store=data.store,
        zone=data.zone,
        channel=data.channel,
        delivery_amount=data.delivery_amount,
        delivery_tax_amount=data.delivery_tax_amount,
        identified=identified,
        payments=cast("tuple[Payment, ...]", data.payments),
        coupons=data.coupons,
    )


def body_of(data: PurchaseRecorded) -> bytes:
    """Write what is kept of a purchase: everything but whose it is, and what says nothing."""
    return _BODIES.dump_json(data, exclude=_HOLDER, exclude_defaults=True)


def read_purchase(body: bytes, as_of: bytes | None, *, identified: bool) -> Purchase:
    """Read a purchase back, as it was decided."""
    purchase = purchase_of(_BODIES.validate_json(body), identified=identified)
    if as_of is None:
        return purchase
    told = orjson.loads(as_of)
    exchanged = purchase._replace(**{**told, "occurred_at": datetime.fromisoformat(told["occurred_at"])})
    return as_exchanged(purchase, exchanged)


def decided_as(exchanged: Purchase) -> bytes:
    """Write when and where an exchanged purchase was made: by that the one in exchange for it is decided."""
    return orjson.dumps({"occurred_at": exchanged.occurred_at, "zone": exchanged.zone, "store": exchanged.store, "channel": exchanged.channel})


def later_body(data: Later) -> bytes:
    """Write what is kept of a return, a confirmation or a cancellation: everything but whose it is, and what says nothing."""
    return _LATER[data.type].dump_json(data, exclude=_HOLDER, exclude_defaults=True)


def read_later(type_: str, body: bytes) -> Later:
    """Read it back."""
    return _LATER[type_].validate_json(body)


def returned_json(returned: Returned) -> bytes:
    """Write what came back, line by line."""
    return orjson.dumps({"lines": {line_id: tuple(back) for line_id, back in returned.lines.items()}, "delivery_amount": returned.delivery_amount})


def read_returned(written: bytes) -> Returned:
    """Read it back."""
    told = orjson.loads(written)
    return Returned({line_id: Back(*back) for line_id, back in told["lines"].items()}, told["delivery_amount"])
