"""Events around what happened: the envelope, with an id that is the same however often the same thing is said."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, TypeVar

from contracts.activities import ActivityRecorded
from contracts.envelope import Event
from contracts.fields import MAX_ID_BYTES, Wire
from contracts.purchases import NamedReference, PurchaseCancelled, PurchaseConfirmed, PurchaseRecorded, PurchaseReturned
from contracts.registrations import RegistrationSubmitted

Said = TypeVar("Said", bound=Wire)


def event(data: Said, *, source: str, id: str | None = None) -> Event[Said]:  # noqa: A002  the attribute's name in CloudEvents
    """Put the envelope around what happened.

    `source` is a URI of yours that never changes, as `urn:shop:corner-coffee`: no host, no process, no version. Source and id name the event
    for ever. Where no id is given it is made of what the event is about, so that a till which has forgotten whether it published a receipt
    says it again under the same id, and it counts once. Raises ValueError for what no store says.
    """
    return Event(id=id or _natural_id(data), source=source, type=data.type, time=getattr(data, "occurred_at", None), data=data)


def _natural_id(data: Wire) -> str:
    name = _NAMES.get(type(data))
    if name is None:
        raise ValueError(f"{data.type} is said by the platform's own services")
    text = "/".join(part.replace("%", "%25").replace("/", "%2F") for part in name(data))  # so that no two purchases share an id
    return text if len(text.encode()) <= MAX_ID_BYTES else f"{text.partition('/')[0]}/{sha256(text.encode()).hexdigest()}"


def _reference(data: NamedReference) -> tuple[str, ...]:
    if data.purchase_id is not None:
        return (data.merchant, data.purchase_id)
    # a receipt number is unique per merchant, store and business day
    return (data.merchant, data.store or "", data.receipt_number or "", f"{getattr(data, 'occurred_at', ''):%Y-%m-%d}")


_NAMES: Mapping[type[Wire], Callable[[Any], tuple[str, ...]]] = {
    PurchaseRecorded: lambda data: ("purchase", data.merchant, data.purchase_id, str(data.revision)),
    PurchaseReturned: lambda data: ("return", data.merchant, data.return_id),
    PurchaseConfirmed: lambda data: ("confirmed", *_reference(data)),
    PurchaseCancelled: lambda data: ("cancelled", *_reference(data)),
    ActivityRecorded: lambda data: ("activity", data.programme, data.kind, data.activity_id),
    RegistrationSubmitted: lambda data: ("registration", data.registration_id),
}

__all__ = ["Event", "event"]
