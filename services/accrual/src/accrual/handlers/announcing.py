"""The events that tell what becomes of entitlements: one for each step."""

from datetime import datetime

from accrual.domain.rewards.entitlements import Entitlement, StepName
from accrual.handlers.rewards import SERVICE, SOURCE, Origin
from accrual.store.entitlements import Step
from contracts.entitlements import (
    EntitlementChosen,
    EntitlementExpired,
    EntitlementIssued,
    EntitlementMoved,
    EntitlementReleased,
    EntitlementReserved,
    EntitlementReversed,
    EntitlementStep,
    EntitlementUsed,
)
from contracts.envelope import Event
from shared.ids import derived
from shared.outbox import Message, message_of

_PLAIN: dict[StepName, type[EntitlementStep]] = {
    StepName.RELEASED: EntitlementReleased,
    StepName.EXPIRED: EntitlementExpired,
    StepName.REVERSED: EntitlementReversed,
}


def told(entitlement: Entitlement, step: Step, *, owner: str, origin: Origin, now: datetime, choice: tuple[str, ...] = ()) -> Message:
    """Say what happened to an entitlement. Its id and the step's number make the event's id, so that a replay says the same."""
    data = _data(entitlement, step, _common(entitlement, step, owner, origin, now=now), choice)
    return _message(entitlement, step, data, origin, now=now)


def moved(entitlement: Entitlement, step: Step, *, left: str, arrived: str, origin: Origin, now: datetime) -> list[Message]:
    """Say that an entitlement left one holder and arrived at another: one step, and an event for each of the two."""
    messages = []
    for direction, owner, other in (("out", left, arrived), ("in", arrived, left)):
        more = {"direction": direction, "other_holder": other, "code": entitlement.code, "expires_at": entitlement.expires_at}
        data = EntitlementMoved.model_validate(_common(entitlement, step, owner, origin, now=now) | more)
        messages.append(_message(entitlement, step, data, origin, now=now, part=direction))
    return messages


def _common(entitlement: Entitlement, step: Step, owner: str, origin: Origin, *, now: datetime) -> dict[str, object]:
    return {
        "programme": entitlement.programme,
        "programme_version": entitlement.programme_version,
        "holder": owner,
        "entitlement_id": entitlement.id,
        "step": step.number,
        "reward": entitlement.reward,
        "kind": entitlement.kind,
        "uses_left": entitlement.uses - entitlement.used,
        "cause": origin.cause(),
        "booked_at": now,
    }


def _message(entitlement: Entitlement, step: Step, data: EntitlementStep, origin: Origin, *, now: datetime, part: str = "") -> Message:
    id_ = derived(service=SERVICE, source=SOURCE, cause=str(entitlement.id), type=data.type, holder=part, ordinal=step.number)
    return message_of(Event(id=str(id_), source=SOURCE, type=data.type, time=now, data=data, traceparent=origin.traceparent))


def _data(entitlement: Entitlement, step: Step, common: dict[str, object], choice: tuple[str, ...]) -> EntitlementStep:
    match step.name:
        case StepName.ISSUED:
            return EntitlementIssued.model_validate(
                common
                | {
                    "code": entitlement.code,
                    "way": entitlement.way.value,
                    "rule": entitlement.rule,
                    "points": entitlement.cost,
                    "expires_at": entitlement.expires_at,
                    "choice": choice,
                    "choose_by": entitlement.choose_by,
                    "goods": entitlement.goods,
                }
            )
        case StepName.CHOSEN:
            return EntitlementChosen.model_validate(common | {"expires_at": entitlement.expires_at})
        case StepName.RESERVED:
            return EntitlementReserved.model_validate(common | {"reserved_for": entitlement.reserved_for, "reserved_until": entitlement.reserved_until})
        case StepName.USED:
            return EntitlementUsed.model_validate(
                common | {"handed_by": step.handed_by, "place": step.place, "merchant": step.merchant, "purchase_id": step.purchase_id}
            )
    return _PLAIN[step.name].model_validate(common)
