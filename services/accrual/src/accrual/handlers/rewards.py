"""The events of topic `rewards`: every change of an account has one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from uuid import UUID

import orjson

from accrual.domain.decisions import Grant
from accrual.domain.entries import Account, Balance, Stamp
from accrual.domain.lots import Lot
from contracts.envelope import Event
from contracts.rewards import (
    MAX_GRANTS,
    MAX_LOTS,
    Buckets,
    Cause,
    Change,
    Explanation,
    RewardActivated,
    RewardDebtPaid,
    RewardExpired,
    RewardGranted,
    RewardMoved,
    RewardRefused,
    RewardReversed,
    Taken,
)
from contracts.tiers import TierChanged
from shared.ids import derived
from shared.outbox import Message, message_of

SERVICE = "accrual"
SOURCE = "urn:loyalty:accrual"
TOPIC = "loyalty.rewards.v1"
_TEXT_LENGTH = 500  # of the contract's texts

Kind = Literal["purchase", "activity", "registration", "link", "schedule", "command"]


class Origin(NamedTuple):
    """What brings a change about, as an event tells it."""

    source: str
    event_id: str
    kind: Kind
    occurred_at: datetime
    merchant: str | None = None
    purchase_id: str | None = None
    activity: str | None = None
    traceparent: str | None = None

    def cause(self) -> Cause:
        """Return the same as it stands in an event."""
        return Cause(
            source=self.source,
            event_id=self.event_id,
            kind=self.kind,
            merchant=self.merchant,
            purchase_id=self.purchase_id,
            activity=self.activity,
            occurred_at=self.occurred_at,
        )


class Taking(NamedTuple):
    """What a reversal takes: from lots (grant, points, what is left), in all, and what becomes of the rest."""

    lots: tuple[tuple[UUID, int, int], ...]
    points: int
    debt: int
    forgiven: int
    kept: int
    return_id: str | None


@lru_cache(maxsize=4096)  # thousands of grants share their days
def utc(moment: datetime) -> datetime:
    """Return the same moment in UTC."""
    return moment.astimezone(UTC)


def change_id(origin: Origin, type_: str, holder: str) -> UUID:
    """Return the id of a change: of its ledger transaction, of its event, and, if it is a grant, of the grant and its lot."""
    return derived(service=SERVICE, source=origin.source, cause=origin.event_id, type=type_, holder=holder)


def granted(account: Account, decision: Grant, stamp: Stamp, *, owner: str, origin: Origin, explanation: bytes) -> Message:
    """Say that points were given. Written without the model, for speed; the tests hold it to the model byte by byte."""
    booked_at, balance = stamp.booked_at, account.balance
    body = {
        "programme": stamp.programme,
        "programme_version": stamp.programme_version,
        "holder": owner,
        "account_version": account.version,
        "balance": {"pending": balance.pending, "available": balance.available, "held": balance.held, "debt": balance.debt},
        "cause": {
            "source": origin.source,
            "event_id": origin.event_id,
            "kind": origin.kind,
            "merchant": origin.merchant,
            "purchase_id": origin.purchase_id,
            "activity": origin.activity,
            "occurred_at": stamp.occurred_at,
        },
        "booked_at": booked_at,
        "grant_id": stamp.transaction_id,
        "points": decision.explanation.points,
        "usable_from": utc(decision.usable_from),
        "expires_at": decision.expires_at and utc(decision.expires_at),
        "explanation": orjson.Fragment(explanation),
    }
    return Message(
        topic=TOPIC,
        key=owner,
        id=stamp.transaction_id,
        source=SOURCE,
        type=RewardGranted.type,
        time=booked_at,
        value=orjson.dumps(body, option=orjson.OPT_UTC_Z),
        traceparent=origin.traceparent,
    )


def activated(account: Account, lot: Lot, stamp: Stamp, *, owner: str, origin: Origin) -> Message:
    """Say that pending points became usable."""
    data = RewardActivated(**change(account, stamp, owner, origin), grant_id=lot.id, points=lot.remaining, expires_at=lot.expires_at)
    return message(data, stamp.transaction_id, stamp.booked_at, origin)


def expired(account: Account, lot: Lot, points: int, stamp: Stamp, *, owner: str, origin: Origin) -> Message:
    """Say that points of a grant were not used in time."""
    data = RewardExpired(**change(account, stamp, owner, origin), grant_id=lot.id, points=points)
    return message(data, stamp.transaction_id, stamp.booked_at, origin)


def moved(source: Account, target: Account, lots: Sequence[Lot], stamp: Stamp, *, holders: tuple[str, str], origin: Origin) -> list[Message]:
    """Say that lots left one holder and arrived at another: an event for each of the two."""
    points, grants = sum(lot.remaining for lot in lots), tuple(lot.id for lot in lots[:MAX_GRANTS])
    left, arrived = holders
    out_of = RewardMoved(**change(source, stamp, left, origin), points=points, direction="out", other_holder=arrived, grants=grants)
    into = RewardMoved(**change(target, stamp, arrived, origin), points=points, direction="in", other_holder=left, grants=grants)
    arrival = change_id(origin, f"{RewardMoved.type}/in/{left}/{stamp.programme}", arrived)
    return [message(out_of, stamp.transaction_id, stamp.booked_at, origin), message(into, arrival, stamp.booked_at, origin)]


def reversed_(account: Account, taking: Taking, stamp: Stamp, *, owner: str, origin: Origin, explanation: bytes) -> Message:
    """Say that points were taken back, or would have been if they were still there."""
    data = RewardReversed(
        **change(account, stamp, owner, origin),
        return_id=taking.return_id,
        points=taking.points,
        debt=taking.debt,
        forgiven=taking.forgiven,
        points_kept=taking.kept,
        lots=taken(taking.lots),
        explanation=Explanation.model_validate_json(explanation),
    )
    return message(data, stamp.transaction_id, stamp.booked_at, origin)


def debt_paid(account: Account, lots: Sequence[tuple[UUID, int, int]], stamp: Stamp, *, owner: str, origin: Origin) -> Message:
    """Say that points paid what the account owed."""
    data = RewardDebtPaid(**change(account, stamp, owner, origin), points=sum(points for _, points, _ in lots), lots=taken(lots))
    return message(data, stamp.transaction_id, stamp.booked_at, origin)


def refused(reason: str, text: str, *, programme: str | None, holder: str | None, origin: Origin, now: datetime, about: str = "") -> Message:
    """Say that an event was refused by name, or, `about` something, a part of it. No account changed."""
    data = RewardRefused(programme=programme, holder=holder, reason=reason, text=text[:_TEXT_LENGTH], cause=origin.cause(), booked_at=now)
    return message(data, change_id(origin, f"{RewardRefused.type}{about}", holder or ""), now, origin)


def change(account: Account, stamp: Stamp, holder: str, origin: Origin) -> dict[str, Any]:
    """Return what every change of an account tells."""
    return {
        "programme": stamp.programme,
        "programme_version": stamp.programme_version,
        "holder": holder,
        "account_version": account.version,
        "balance": _buckets(account.balance),
        "cause": origin.cause(),
        "booked_at": stamp.booked_at,
    }


def taken(lots: Sequence[tuple[UUID, int, int]]) -> tuple[Taken, ...]:
    """Return what was taken of lots (grant, points, what is left), as an event tells it."""
    return tuple(Taken(grant_id=grant_id, points=points, remaining=left) for grant_id, points, left in lots[:MAX_LOTS])


def _buckets(balance: Balance) -> Buckets:
    return Buckets(pending=balance.pending, available=balance.available, held=balance.held, debt=balance.debt)


def message(data: Change | RewardRefused | TierChanged, id_: UUID, time: datetime, origin: Origin) -> Message:
    """Return an event under its id, to be sent to whoever it concerns."""
    return message_of(Event(id=str(id_), source=SOURCE, type=data.type, time=time, data=data, traceparent=origin.traceparent))
