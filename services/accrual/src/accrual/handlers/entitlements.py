"""The entitlements of a batch or a command, carried in memory from step to step, and written once at the end."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.domain.decisions import RewardDue
from accrual.domain.rewards.catalogue import Issue, Rewards
from accrual.domain.rewards.entitlements import Entitlement, State, StepName, Way, move, reverse
from accrual.handlers.announcing import moved, told
from accrual.handlers.rewards import SERVICE, SOURCE, Origin
from accrual.store import Connection
from accrual.store import entitlements as store
from accrual.store.entitlements import Step
from shared.ids import derived
from shared.outbox import Message

_ISSUED = "entitlement"


class Handover(NamedTuple):
    """Who handed something over, where, and with which purchase."""

    handed_by: str | None = None
    place: str | None = None
    merchant: str | None = None
    purchase_id: str | None = None


NOBODY = Handover()


class Entitlements:
    """Every step of a batch. Nothing is in the database before `save`. The accounts must be locked."""

    def __init__(self, known: Iterable[Entitlement] = ()) -> None:
        """Take what the batch has read."""
        self._known = {each.id: each for each in known}
        self._new: set[UUID] = set()
        self._changed: set[UUID] = set()
        self._steps: list[Step] = []
        self._moved: list[tuple[UUID, UUID]] = []

    def know(self, entitlements: Iterable[Entitlement]) -> None:
        """Take in entitlements as they were before the batch."""
        for each in entitlements:
            self._known.setdefault(each.id, each)

    def get(self, id_: UUID) -> Entitlement | None:
        """Return an entitlement as it is after all steps so far, if the batch knows it."""
        return self._known.get(id_)

    def of_cause(self, cause: bytes) -> list[Entitlement]:
        """Return what was given for a purchase or an activity, as far as the batch knows it."""
        return [each for each in self._known.values() if each.cause == cause]

    def due_ids(self, cause: bytes, due: Iterable[RewardDue]) -> set[UUID]:
        """Return the ids of everything that is due for a purchase or an activity, of what was taken back those under which it would be given again."""
        return {self._due(cause, each, number)[0] for each in due for number in range(each.quantity)}

    def taken_back(self, cause: bytes, due: Iterable[RewardDue]) -> list[RewardDue]:
        """Return, one by one, what is due for a purchase or an activity, was given for it and was taken back, and was not given again."""
        found = ((each, *self._due(cause, each, number)) for each in due for number in range(each.quantity))
        return [each._replace(quantity=1) for each, id_, times in found if times and id_ not in self._known]

    def issue_due(  # noqa: PLR0913  whose, for what, when and why, like any step
        self, rewards: Rewards, due: Iterable[RewardDue], *, account_id: UUID, owner: str | None, cause: bytes, origin: Origin, now: datetime,
        again: bool = False,
    ) -> list[Message]:  # fmt: skip
        """Give what rules give for a purchase or an activity. What was given for it before, by the same rule, is not given again.

        With `again` what was taken back is: a correction took it, and another puts that right.
        """
        messages = []
        for each in due:
            reward = rewards.get(each.reward)
            if reward is None:
                raise LookupError(f"version {rewards.version} of {rewards.programme} gives {each.reward}, which it has not got")
            way = Way.SURPRISE if any(surprise.id == each.rule for surprise in rewards.surprises) else Way.RULE
            for number in range(each.quantity):
                id_, taken_back = self._due(cause, each, number)
                if id_ not in self._known and (again or not taken_back):
                    issued = rewards.issue(reward, Issue(id_, account_id, way, each.rule, origin.occurred_at, cause))
                    messages += self.issue(issued, owner=owner, origin=origin, now=now, choice=reward.choice)
        return messages

    def issue(self, entitlement: Entitlement, *, owner: str | None, origin: Origin, now: datetime, choice: tuple[str, ...] = ()) -> list[Message]:
        """Give somebody an entitlement, and say so."""
        self._new.add(entitlement.id)
        self._known[entitlement.id] = entitlement
        return self._step(entitlement, StepName.ISSUED, owner=owner, origin=origin, now=now, choice=choice)

    def change(self, after: Entitlement, name: StepName, *, owner: str | None, origin: Origin, now: datetime, handover: Handover = NOBODY) -> list[Message]:
        """Take a step that the rules have decided, and say so. One that changes nothing is none."""
        before = self._known[after.id]
        if after.steps == before.steps:
            return []
        self._known[after.id] = after
        self._changed.add(after.id)
        return self._step(after, name, owner=owner, origin=origin, now=now, handover=handover)

    def take_back(self, entitlements: Iterable[Entitlement], *, owner: str | None, origin: Origin, now: datetime) -> list[Message]:
        """Take back what has not ended: what it was given for was undone."""
        taken = [after for each in entitlements if (after := reverse(each)) is not None]
        return [message for after in taken for message in self.change(after, StepName.REVERSED, owner=owner, origin=origin, now=now)]

    def move(self, source: UUID, target: UUID, *, left: str, arrived: str, origin: Origin, now: datetime) -> list[Message]:
        """Let everything of one holder's account belong to another's, and say so of what has not ended, which the batch must know."""
        self._moved.append((source, target))
        messages = list[Message]()
        for each in [each for each in self._known.values() if each.account_id == source]:
            after = move(each, to=target)
            self._known[each.id] = after or each._replace(account_id=target)
            if after is not None:
                self._changed.add(each.id)
                messages += moved(after, self._stepped(after, StepName.MOVED, origin=origin), left=left, arrived=arrived, origin=origin, now=now)
        return messages

    async def save(self, connection: Connection, *, now: datetime) -> None:
        """Write everything that happened, one statement a table; of a batch without entitlements that is nothing."""
        await store.add(connection, [self._known[id_] for id_ in self._new])
        await store.change(connection, [self._known[id_] for id_ in sorted(self._changed - self._new)])
        await store.add_steps(connection, self._steps, booked_at=now)
        if self._moved:
            await store.move(connection, self._moved)

    def _due(self, cause: bytes, due: RewardDue, number: int) -> tuple[UUID, int]:
        """Return the id of one of those that a rule gives for a purchase or an activity, and how often it was taken back: then it has another."""
        named, taken_back = f"{cause.hex()}/{due.rule}/{due.reward}", 0
        id_ = issue_id(named, ordinal=number)
        while (known := self._known.get(id_)) is not None and known.state is State.REVERSED:
            taken_back += 1
            id_ = issue_id(f"{named}/{taken_back}", ordinal=number)
        return id_, taken_back

    def _step(
        self, entitlement: Entitlement, name: StepName, *, owner: str | None, origin: Origin, now: datetime,
        handover: Handover = NOBODY, choice: tuple[str, ...] = (),
    ) -> list[Message]:  # fmt: skip
        step = self._stepped(entitlement, name, origin=origin, handover=handover)
        return [told(entitlement, step, owner=owner, origin=origin, now=now, choice=choice)] if owner is not None else []

    def _stepped(self, entitlement: Entitlement, name: StepName, *, origin: Origin, handover: Handover = NOBODY) -> Step:
        step = Step(entitlement.id, entitlement.steps, name, entitlement.ended, origin.source, origin.event_id, *handover)
        self._steps.append(step)
        return step


def issue_id(cause: str, *, ordinal: int = 0) -> UUID:
    """Return the id of an entitlement: the same for the same cause, under whatever event it is told."""
    return derived(service=SERVICE, source=SOURCE, cause=cause, type=_ISSUED, holder="", ordinal=ordinal)
