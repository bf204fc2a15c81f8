from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.envelope import Event
from contracts.rewards import (
    Buckets,
    Cause,
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
from contracts.spending import PutBack, RewardAdjusted, RewardHeld, RewardReleased, RewardRestored, RewardSpent
from members.store import reading, waiting
from shared.ids import random_id

from .builders import ANA, NOON, PROGRAMME, holder_of, proven
from .conftest import Service

GUEST = holder_of(ANA.card)
CAUSE = Cause(source="urn:store:1", event_id="p-1", kind="purchase", merchant="shop", purchase_id="p-1", occurred_at=NOON)


def said(data: Any) -> Event[Any]:
    return Event(id=str(random_id()), source="urn:loyalty:accrual", type=data.type, time=NOON, data=data)


def changed(model: type, version: int, *, pending: int = 0, available: int = 0, holder: str = GUEST, **parts: Any) -> Event[Any]:
    return said(
        model(
            programme=PROGRAMME,
            programme_version=1,
            holder=holder,
            account_version=version,
            balance=Buckets(pending=pending, available=available),
            cause=CAUSE,
            booked_at=NOON,
            **parts,
        )
    )


def granted(version: int, *, lot: int = 1, expires_at: datetime | None = None, **totals: Any) -> Event[Any]:
    parts = {"grant_id": UUID(int=lot), "points": 1, "usable_from": NOON, "expires_at": expires_at, "explanation": Explanation(points=1)}
    return changed(RewardGranted, version, **parts, **totals)


async def waits(service: Service, holder: str = GUEST) -> tuple[int, int, datetime | None]:
    async with reading(service.pool) as connection:
        found = await waiting.of_guest(connection, holder=holder, programme=PROGRAMME)
    return found.pending, found.available, found.register_by(now=service.clock())


async def verdicts(service: Service, *events: Event[Any]) -> list[str]:
    return [outcome.verdict.value for outcome in await service.hear(*events)]


async def test_the_last_totals_wait_for_a_guest(service: Service):
    soon, later = NOON + timedelta(days=30), NOON + timedelta(days=60)
    events = [
        granted(1, lot=1, pending=10, expires_at=later),
        granted(2, lot=2, pending=25, expires_at=soon),
        changed(RewardActivated, 3, pending=15, available=10, grant_id=UUID(int=1), points=10, expires_at=later),
    ]
    assert await verdicts(service, *events) == ["applied"] * 3
    assert await waits(service) == (15, 10, soon)
    assert await verdicts(service, changed(RewardExpired, 4, available=10, grant_id=UUID(int=2), points=15)) == ["applied"]
    assert await waits(service) == (0, 10, later)


async def test_lots_that_a_return_or_a_debt_emptied_no_longer_say_when_something_is_lost(service: Service):
    soon, later = NOON + timedelta(days=30), NOON + timedelta(days=60)
    nothing_left = (Taken(grant_id=UUID(int=1), points=10, remaining=0), Taken(grant_id=UUID(int=2), points=3, remaining=7))
    events = [
        granted(1, lot=1, available=10, expires_at=soon),
        granted(2, lot=2, available=20, expires_at=later),
        changed(RewardReversed, 3, available=7, points=13, points_kept=7, lots=nothing_left, explanation=Explanation(points=7)),
    ]
    assert await verdicts(service, *events) == ["applied"] * 3
    assert await waits(service) == (0, 7, later)
    paid = (Taken(grant_id=UUID(int=2), points=7, remaining=0),)
    await verdicts(service, changed(RewardDebtPaid, 4, points=7, lots=paid), granted(5, lot=3, available=1, expires_at=later + timedelta(days=1)))
    assert await waits(service) == (0, 1, later + timedelta(days=1))


async def test_points_that_a_guest_holds_uses_and_gets_back_say_anew_when_something_is_lost(service: Service):
    soon, later, last = (NOON + timedelta(days=days) for days in (30, 60, 90))
    hold, emptied = {"hold_id": UUID(int=8), "points": 10}, (Taken(grant_id=UUID(int=1), points=10, remaining=0),)
    await service.hear(granted(1, lot=1, available=10, expires_at=soon), granted(2, lot=2, available=30, expires_at=later))
    await service.hear(changed(RewardHeld, 3, available=20, expires_at=NOON, lots=emptied, **hold))
    assert await waits(service) == (0, 20, later)
    back = (PutBack(grant_id=UUID(int=1), points=10, remaining=10, expires_at=soon),)
    await service.hear(changed(RewardReleased, 4, available=30, reason="released", lots=back, **hold))
    assert await waits(service) == (0, 30, soon)
    await service.hear(changed(RewardSpent, 5, available=20, spend_id=UUID(int=9), points=10, lots=emptied))
    assert await waits(service) == (0, 20, later)
    reopened = (PutBack(grant_id=UUID(int=1), points=5, remaining=5, expires_at=last),)
    await service.hear(changed(RewardRestored, 6, available=25, spend_id=UUID(int=9), points=5, lots=reopened))
    gone = (Taken(grant_id=UUID(int=2), points=20, remaining=0),)
    by_hand = {"adjustment_id": UUID(int=7), "kind": "adjusted", "reason": "granted twice"}
    await service.hear(changed(RewardAdjusted, 7, available=5, points=-20, lots=gone, **by_hand))
    assert await waits(service) == (0, 5, last)
    await service.hear(changed(RewardAdjusted, 8, available=6, points=1, grant_id=UUID(int=3), expires_at=soon, **by_hand))
    assert await waits(service) == (0, 6, soon)


async def test_an_older_change_is_stale_and_changes_nothing(service: Service):
    assert await verdicts(service, granted(2, available=20), granted(1, available=10)) == ["applied", "stale"]
    assert await verdicts(service, granted(2, available=99), granted(1, available=99)) == ["stale", "stale"]
    assert await waits(service) == (0, 20, None)


async def test_nothing_waits_any_more_once_points_moved_to_the_member(service: Service):
    moved = changed(RewardMoved, 2, points=10, direction="out", other_holder=f"m:{UUID(int=9)}", grants=(UUID(int=1),))
    assert await verdicts(service, granted(1, available=10, expires_at=NOON + timedelta(days=1)), moved) == ["applied", "applied"]
    assert await waits(service) == (0, 0, None)
    assert await service.fetch("select count(*) from waiting_lot") == [(0,)]


async def test_nothing_waits_for_an_identifier_that_is_somebodys(service: Service):
    await service.hear(granted(1, available=10))
    await service.hear(proven("r-1", ANA.card).event())
    assert await waits(service) == (0, 0, None)


async def test_nobody_is_told_what_waits_for_a_member(service: Service):
    member = f"m:{UUID(int=9)}"
    assert await verdicts(service, granted(1, available=10, holder=member, expires_at=NOON)) == ["applied"]
    assert await waits(service, member) == (0, 0, None)
    assert await service.fetch("select count(*) from waiting_lot") == [(0,)]


async def test_a_refusal_changed_no_account_and_is_applied_by_being_heard(service: Service):
    assert await verdicts(service, said(RewardRefused(reason="too-old", cause=CAUSE, booked_at=NOON, holder=GUEST)), granted(1, available=1)) == ["applied"] * 2


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_changes_in_any_order_and_batches_end_at_the_last_total(service: Service, data: st.DataObject):
    """Each example is another guest of the same database."""
    guest = f"v:{random_id().hex}"
    totals = data.draw(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=6))
    history = [granted(version, pending=pending, available=available, holder=guest) for version, (pending, available) in enumerate(totals, 1)]
    heard = data.draw(st.permutations(history))
    while heard:
        count = data.draw(st.integers(1, len(heard)))
        await service.hear(*heard[:count])
        heard = heard[count:]
    assert await waits(service, guest) == (*totals[-1], None)
