"""The levels of a batch's accounts, carried from event to event beside the books: what each event found, what it counted, what is said of it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from accrual.domain.decisions import Decision, Grant
from accrual.domain.facts import Fact, Purchase
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.tiers.climb import Climb
from accrual.domain.tiers.outlook import Outlook, outlook
from accrual.domain.tiers.progress import NONE, History, Progress
from accrual.domain.tiers.timeline import Assignment, Timeline, floor_on
from accrual.handlers import rewards
from accrual.handlers.pasts import Past
from accrual.handlers.rewards import Origin
from accrual.store import Connection, tiers
from accrual.store.tiers import Told
from contracts.tiers import TierChanged
from shared.outbox import Message

#: So many days on which something may change are looked ahead for the clock; after them it looks again.
_LOOK_AHEAD = 8


class Rung(NamedTuple):
    """Where an account stands: its climb, in which programme, and the level that its holder was told; `known` is false where nobody was told any."""

    programme: str
    climb: Climb
    level: str | None
    known: bool


class Levels:
    """Every level of a batch. Nothing is in the database before `save`; accounts of programmes without levels are not here, and cost nothing."""

    def __init__(self, timelines: Mapping[str, Timeline] | None = None, kept: Mapping[UUID, tiers.Kept] | None = None) -> None:
        self._timelines = timelines or {}
        self._rungs = {
            account_id: Rung(each.programme, Climb(self._timelines[each.programme], History(each.by_day), each.assignments), each.level, each.told)
            for account_id, each in (kept or {}).items()
        }
        self._changed: dict[tuple[UUID, date], Progress] = {}
        self._touched: set[UUID] = set()
        self._moved: set[UUID] = set()
        self._brought: list[tuple[UUID, UUID]] = []

    @classmethod
    async def open(cls, connection: Connection, programmes: Programmes, account_ids: Collection[UUID], *, of: Iterable[str] | None = None) -> "Levels":
        """Read what accounts, which must be locked, have done in these programmes, or in all: no statement where none of them has levels."""
        wanted = programmes.timelines.keys() if of is None else programmes.timelines.keys() & set(of)
        if not (wanted and account_ids):
            return cls()
        return cls(programmes.timelines, await tiers.load(connection, account_ids, wanted))

    def at(self, account_id: UUID, programme: Programme, moment: datetime) -> str | None:
        """Return the level that an account has at a moment, by what is known so far: the lowest, where nothing is. None where the version has no levels."""
        rung, ladder = self._rungs.get(account_id), programme.ladder
        if rung is None or ladder is None:
            return None if ladder is None else ladder.levels[0].id
        return rung.climb.standing(_day(programme, moment)).level

    def outlook(self, account_id: UUID, *, now: datetime) -> Outlook | None:
        """Return the level that an account has now, and what is ahead; None where its programme has no levels."""
        rung = self._rungs.get(account_id)
        return None if rung is None else outlook(rung.climb, self._today(rung, now))

    def count(self, account_id: UUID, programme: Programme, moment: datetime, done: Progress) -> None:
        """Count for the day of a moment what was done, or with negative amounts what was undone."""
        rung = self._rungs.get(account_id)
        if rung is None or programme.ladder is None:
            return
        day = _day(programme, moment)
        self._changed[account_id, day] = rung.climb.add(day, done)
        self._touched.add(account_id)

    def decided(self, account_id: UUID, programme: Programme, fact: Fact, decision: Decision) -> None:
        """Count an event that was just decided."""
        if programme.ladder is not None:
            points = decision.points if isinstance(decision, Grant) else 0
            bought = (sum(line.paid_amount for line in fact.lines), 1) if isinstance(fact, Purchase) else (0, 0)
            self.count(account_id, programme, fact.occurred_at, Progress(points, *bought))

    def take_out(self, past: Past) -> None:
        """Count no longer what a purchase keeps."""
        self._recount(past, keeps=False)

    def put_in(self, past: Past) -> None:
        """Count what a purchase keeps."""
        self._recount(past, keeps=True)

    def bring(self, account_id: UUID, day: date, done: Progress) -> None:
        """Count for a day what was done elsewhere, or with negative amounts that it no longer counts."""
        self._changed[account_id, day] = self._rungs[account_id].climb.add(day, done)
        self._touched.add(account_id)

    def today(self, account_id: UUID, now: datetime) -> date:
        """Return the day that it is in the zone of an account's programme."""
        return self._today(self._rungs[account_id], now)

    def last_assigned(self, account_id: UUID) -> Assignment | None:
        """Return the floor that was set last by hand, if any was."""
        return next(reversed(self._rungs[account_id].climb.assignments), None)

    def is_held_above(self, account_id: UUID, level: str, day: date) -> bool:
        """Tell whether an account's floor on a day, if it has any, is higher than a level."""
        climb = self._rungs[account_id].climb
        ladder, floor = climb.timeline.on(day), floor_on(climb.assignments, day)
        return ladder is not None and floor is not None and ladder.place(floor.level) > ladder.place(level)

    def merge(self, source_id: UUID, target_id: UUID, *, now: datetime) -> None:
        """Let an account count all that another did, which is closed; it has the other's floors too, where they are higher now."""
        source, target = self._rungs.get(source_id), self._rungs.get(target_id)
        if source is None or target is None:
            return
        today = self._today(source, now)
        if source.climb.is_held_higher(target.climb, today):
            target.climb.assignments += source.climb.assignments
            self._brought.append((source_id, target_id))
        for day, done in source.climb.history.by_day().items():
            self._changed[target_id, day] = target.climb.add(day, done)
        self._changed = {key: done for key, done in self._changed.items() if key[0] != source_id}
        self._touched = self._touched - {source_id} | {target_id}
        self._moved.add(source_id)

    def assign(self, account_id: UUID, assignment: Assignment) -> None:
        """Take in a floor that was set by hand; its row is the caller's to write."""
        rung = self._rungs[account_id]
        rung.climb.assignments.append(assignment)
        self._touched.add(account_id)

    def look(self, account_id: UUID) -> None:
        """Look again at an account, though nothing happened but that time passed."""
        if account_id in self._rungs:
            self._touched.add(account_id)

    def tell(self, account_id: UUID, owner: str | None, origin: Origin, *, now: datetime) -> list[Message]:
        """Say that an account has another level now than was told last. The lowest level is nobody's news."""
        rung = self._rungs.get(account_id)
        if rung is None or account_id not in self._touched:
            return []
        today = self._today(rung, now)
        ladder, standing = rung.climb.timeline.on(today), rung.climb.standing(today)
        lowest = None if ladder is None else ladder.levels[0].id
        before = rung.level if rung.known else lowest
        self._rungs[account_id] = rung._replace(level=standing.level, known=True)
        if standing.level == before or owner is None:
            return []
        data = TierChanged(
            programme=rung.programme,
            holder=owner,
            tier=standing.level,
            previous=before,
            direction="up" if ladder is not None and ladder.place(standing.level) > ladder.place(before) else "down",
            by_hand=standing.by_hand,
            until=standing.until,
            privileges=() if ladder is None else ladder.levels[ladder.place(standing.level)].privileges,
            cause=origin.cause(),
            booked_at=now,
        )
        return [rewards.message(data, rewards.change_id(origin, f"{TierChanged.type}/{rung.programme}/{standing.level}", owner), now, origin)]

    async def save(self, connection: Connection, *, now: datetime) -> None:
        """Write days, and who was told what, one statement a table."""
        for source_id, target_id in self._brought:
            await tiers.bring(connection, source_id, target_id)
        await tiers.count(connection, self._changed)
        await tiers.tell(connection, [self._told(account_id, now) for account_id in self._touched])
        if self._moved:
            await tiers.forget(connection, self._moved)

    def _recount(self, past: Past, *, keeps: bool) -> None:
        programme = past.programme.in_force(past.purchase.occurred_at)
        if past.account_id is not None and programme.ladder is not None:
            done = past.progress()
            self.count(past.account_id, programme, past.purchase.occurred_at, done if keeps else NONE.minus(done))

    def _told(self, account_id: UUID, now: datetime) -> Told:
        rung, today = self._rungs[account_id], self._today(self._rungs[account_id], now)
        ladder, now_has = rung.climb.timeline.on(today), rung.climb.standing(today).level
        level = rung.level if rung.known or ladder is None else ladder.levels[0].id
        turn = (today, None) if now_has != level else rung.climb.ahead(today, steps=_LOOK_AHEAD)  # who was not told yet is told by the clock
        return Told(account_id, rung.programme, level, rung.climb.timeline.edition, None if turn is None else turn[0])

    def _today(self, rung: Rung, now: datetime) -> date:
        return now.astimezone(self._timelines[rung.programme].zone).date()


def _day(programme: Programme, moment: datetime) -> date:
    return moment.astimezone(programme.terms.zone).date()
