"""T1, T2: what counts towards levels is what purchases and activities say and migrations brought, and everybody was told the level that follows from it."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from accrual.domain.compiler import compile_document
from accrual.domain.document.reading import read_json
from accrual.domain.programmes import Programmes
from accrual.domain.tiers.climb import Climb
from accrual.domain.tiers.progress import NONE, History, Progress
from accrual.domain.tiers.timeline import Assignment
from shared.checks import Check, Violation

_ROWS_AT_ONCE = 500
#: Nothing that was done counts longer than this in any window; a level that nothing takes away is the same then.
_LONG_AFTER = timedelta(days=100 * 366)
_VERSIONS = "select document from programme_version order by sequence"
#: Everything that was accepted in a programme that has had levels, by the account where it counts now; of a purchase as it is after all that came back.
_DONE = """
    with laddered as (
        select distinct programme from programme_version where document->'tiers' is not null
    ), latest as (
        select distinct on (key) * from purchase where account_id is not null order by key, revision desc
    ), done as (
        select latest.account_id, latest.occurred_at, programme, latest.programme_version, latest.decided_as, latest.body,
               coalesce(back.kept, lot.amount, 0) as points, back.returned, null::date as counted_on, 0::bigint as spent, 0::bigint as purchases
        from latest
        join laddered using (programme)
        left join lot on lot.id = latest.grant_id
        left join lateral (
            select (array_agg(kept order by number desc))[1] as kept, array_agg(returned order by number) as returned
            from reversal where reversal.purchase_key = latest.key having count(*) > 0
        ) as back on true
        union all
        select activity.account_id, activity.occurred_at, programme, activity.programme_version, null, null, lot.amount, null, null, 0, 0
        from activity
        join laddered using (programme)
        join lot on lot.id = activity.grant_id
        union all
        select account_id, null, null, null, null, null, earned, null, counted_on, spent, purchases from opening where counted_on is not null and not undone
    )
    select coalesce(account.moved_to, account.id) as owner, done.occurred_at, done.programme, programme_version, decided_as, body, points, returned,
           counted_on, spent, done.purchases
    from done join account on account.id = done.account_id
    order by owner
"""
_KEPT = "select account_id, day, points, money, purchases from tier_progress order by account_id, day"
_TOLD = """
    select told.account_id, told.programme, told.level, told.edition, told.turns_on, done.days, done.points, done.money, done.purchases,
           given.levels, given.since, given.until
    from tier_standing as told
    left join lateral (
        select array_agg(day) as days, array_agg(points) as points, array_agg(money) as money, array_agg(purchases) as purchases
        from tier_progress where tier_progress.account_id = told.account_id
    ) as done on true
    left join lateral (
        select array_agg(level order by number) as levels, array_agg(since order by number) as since, array_agg(until order by number) as until
        from tier_assignment where tier_assignment.account_id = told.account_id
    ) as given on true
    order by told.account_id
"""


async def _progress(connection: asyncpg.Connection) -> AsyncIterator[Violation]:
    """Count anew, account by account, what is kept of each day."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        programmes = await _programmes(connection)
        kept = _Accounts(connection, _KEPT)
        done = _Accounts(connection, _DONE)
        while (account_id := min((each for each in (await kept.next(), await done.next()) if each is not None), default=None)) is not None:
            found = {row[1]: Progress(*row[2:]) for row in await kept.rows(account_id)}
            expected: dict[date, Progress] = defaultdict(Progress)
            for row in await done.rows(account_id):
                day, progress = _counted(row, programmes)
                expected[day] = expected[day].plus(progress)
            for day in sorted(found.keys() | expected.keys()):
                if found.get(day, NONE) != expected.get(day, NONE):
                    yield Violation("T1", "tier_progress", f"{account_id} {day}", _said(expected.get(day, NONE)), _said(found.get(day, NONE)))


async def _levels(connection: asyncpg.Connection) -> AsyncIterator[Violation]:
    """Find every level anew: on the eve of the day on which it may change it is still the one that was told."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        timelines = (await _programmes(connection)).timelines
        async for row in connection.cursor(_TOLD, prefetch=_ROWS_AT_ONCE):
            account_id, programme, level, edition, turns_on = row[:5]
            timeline = timelines.get(programme)
            if timeline is None or timeline.edition != edition:
                continue  # the clock has not looked yet
            by_day = {day: Progress(*done) for day, *done in zip(*(column or () for column in row[5:9]), strict=True)}
            assignments = [Assignment(*each) for each in zip(*(column or () for column in row[9:12]), strict=True)]
            settled = max(timeline.newest, *by_day, *(each.since for each in assignments)) + _LONG_AFTER
            day = settled if turns_on is None else turns_on - timedelta(days=1)
            expected = Climb(timeline, History(by_day), assignments).standing(day).level
            if expected != level:
                yield Violation("T2", "tier_standing", str(account_id), str(expected), str(level))


async def _programmes(connection: asyncpg.Connection) -> Programmes:
    return Programmes(compile_document(read_json(json.loads(row[0]))) for row in await connection.fetch(_VERSIONS))


def _counted(row: asyncpg.Record, programmes: Programmes) -> tuple[date, Progress]:
    """Return on which day a purchase or an activity counts, and what it keeps. What cannot be read counts for nothing: I16 says so too.

    Nothing counts under a version without levels. What was brought along from another system says its day and all of it.
    """
    _, occurred_at, programme, number, decided_as, body, points, returned, counted_on, spent, purchases = row
    if counted_on is not None:
        return counted_on, Progress(points, spent, purchases)
    try:
        if decided_as is not None:
            occurred_at = datetime.fromisoformat(json.loads(decided_as)["occurred_at"])
        lines = [] if body is None else json.loads(body)["lines"]
        left = [_left(line, [json.loads(each)["lines"].get(line["line_id"], (0, 0)) for each in returned or ()]) for line in lines]
    except (ValueError, KeyError, TypeError):
        left = []
    decided_by = programmes.version(programme, number)
    version = None if decided_by is None else decided_by.in_force(occurred_at)
    if version is None or version.ladder is None:
        return occurred_at.date(), NONE
    stands = any(quantity > 0 for quantity, _ in left)
    return occurred_at.astimezone(version.terms.zone).date(), Progress(points, sum(amount for quantity, amount in left if quantity > 0), int(stands))


def _left(line: dict[str, Any], back: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return how much of a line is left: of its quantity, and of its price."""
    return line.get("quantity", 1000) - sum(quantity for quantity, _ in back), max(line["paid_amount"] - sum(amount for _, amount in back), 0)


def _said(done: Progress) -> str:
    return f"{done.points} points, {done.money} spent, {done.purchases} purchases"


class _Accounts:
    """Rows of a query that is ordered by account, an account at a time."""

    def __init__(self, connection: asyncpg.Connection, query: str) -> None:
        self._rows = aiter(connection.cursor(query, prefetch=_ROWS_AT_ONCE))
        self._ahead: asyncpg.Record | None = None

    async def next(self) -> UUID | None:
        """Return the next account that has rows."""
        if self._ahead is None:
            self._ahead = await anext(self._rows, None)
        return None if self._ahead is None else self._ahead[0]

    async def rows(self, account_id: UUID) -> list[asyncpg.Record]:
        """Return the rows of an account, if it is the next."""
        found = []
        while await self.next() == account_id and self._ahead is not None:
            found.append(self._ahead)
            self._ahead = None
        return found


CHECKS = (
    Check("T1", "What counts towards levels is what purchases and activities keep and what was brought along, day by day", _progress),
    Check("T2", "Everybody was told the level that follows from what they did and from what was set by hand", _levels),
)
