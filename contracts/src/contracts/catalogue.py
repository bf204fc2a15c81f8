"""Which events exist, on which topic each travels, and under which key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from contracts.activities import ActivityRecorded
from contracts.cards import Card, load_cards
from contracts.contests import ContestSettled
from contracts.entitlements import (
    EntitlementChosen,
    EntitlementExpired,
    EntitlementIssued,
    EntitlementMoved,
    EntitlementReleased,
    EntitlementReserved,
    EntitlementReversed,
    EntitlementUsed,
)
from contracts.expiring import PointsExpiring
from contracts.fields import Wire
from contracts.identifiers import member_holder
from contracts.members import IdentifierLinked, MemberRegistered
from contracts.programmes import ProgrammePublished
from contracts.purchases import PurchaseCancelled, PurchaseConfirmed, PurchaseRecorded, PurchaseReturned
from contracts.registrations import RegistrationSubmitted
from contracts.rewards import RewardActivated, RewardDebtPaid, RewardExpired, RewardGranted, RewardMoved, RewardRefused, RewardReversed
from contracts.segments import SegmentEntered, SegmentLeft
from contracts.spending import RewardAdjusted, RewardHeld, RewardReleased, RewardRestored, RewardSpent
from contracts.tiers import TierChanged


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event: its model, its topic, and the key its records carry."""

    name: str
    model: type[Wire]
    topic: str
    key_of: Callable[[Any], str]
    adapter: TypeAdapter[Wire]


def _holder_or_purchase(data: PurchaseRecorded) -> str:
    return data.holder or data.purchase_id


def _holder_or_reference(data: PurchaseReturned | PurchaseConfirmed | PurchaseCancelled) -> str:
    return data.holder or data.purchase_id or data.receipt_number or ""  # the models let none pass that names nothing


def _holder_or_cause(data: RewardRefused) -> str:
    return data.holder or data.cause.purchase_id or data.cause.event_id


def _holder(data: Any) -> str:
    holder: str = data.holder
    return holder


def _identifier(data: RegistrationSubmitted) -> str:
    return data.identifier


def _member(data: MemberRegistered | IdentifierLinked | SegmentEntered | SegmentLeft) -> str:
    return member_holder(data.member_id)


def _version(data: ProgrammePublished) -> str:
    return f"{data.programme}:{data.version}"


_TABLE: tuple[tuple[str, tuple[tuple[type[Wire], Callable[[Any], str]], ...]], ...] = (
    (
        "loyalty.purchases.v1",
        (
            (PurchaseRecorded, _holder_or_purchase),
            (PurchaseReturned, _holder_or_reference),
            (PurchaseConfirmed, _holder_or_reference),
            (PurchaseCancelled, _holder_or_reference),
        ),
    ),
    ("loyalty.activities.v1", ((ActivityRecorded, _holder),)),
    ("loyalty.registrations.v1", ((RegistrationSubmitted, _identifier),)),
    ("loyalty.members.v1", ((MemberRegistered, _member), (IdentifierLinked, _member))),
    ("loyalty.segments.v1", ((SegmentEntered, _member), (SegmentLeft, _member))),
    (
        "loyalty.rewards.v1",
        (
            (RewardGranted, _holder),
            (RewardActivated, _holder),
            (RewardExpired, _holder),
            (RewardMoved, _holder),
            (RewardReversed, _holder),
            (RewardDebtPaid, _holder),
            (RewardHeld, _holder),
            (RewardReleased, _holder),
            (RewardSpent, _holder),
            (RewardRestored, _holder),
            (RewardAdjusted, _holder),
            (RewardRefused, _holder_or_cause),
            (EntitlementIssued, _holder),
            (EntitlementChosen, _holder),
            (EntitlementReserved, _holder),
            (EntitlementReleased, _holder),
            (EntitlementUsed, _holder),
            (EntitlementMoved, _holder),
            (EntitlementExpired, _holder),
            (EntitlementReversed, _holder),
            (TierChanged, _holder),
            (ContestSettled, _holder),
            (PointsExpiring, _holder),
        ),
    ),
    ("loyalty.programmes.v1", ((ProgrammePublished, _version),)),
)

#: Every event type by its name.
TYPES: Mapping[str, EventType] = MappingProxyType(
    {
        model.type: EventType(name=model.type, model=model, topic=topic, key_of=key_of, adapter=TypeAdapter(model))
        for topic, entries in _TABLE
        for model, key_of in entries
    },
)

#: Every topic that carries events; dead letters are not among them.
TOPICS: frozenset[str] = frozenset(topic for topic, _ in _TABLE)


def key_of(data: Wire) -> str:
    """Tell the key of the record that carries this: everything with one key stays in order."""
    return TYPES[data.type].key_of(data)


__all__ = ["TOPICS", "TYPES", "Card", "EventType", "key_of", "load_cards"]
