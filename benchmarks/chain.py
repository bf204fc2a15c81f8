"""P1: a backlog through the whole chain, from the topic of purchases to rewards that anyone can read."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from ground import SERVICE, Ground, Process, cpu_seconds, ensure_alive
from rewards import Ends, Reader

from contracts.verdicts import Verdict
from loyalty.console import Advance, Failure
from loyalty.verify.audit import audit, chosen, offered
from loyalty.verify.report import first_damage
from shared.postgres import ServiceUrls

PURCHASES = "loyalty.purchases.v1"
POLL_SECONDS = 0.05
STALLED_SECONDS = 60.0
_COLUMNS = {verdict: verdict.replace("-", "_") for verdict in Verdict}
_PROGRESS = "select coalesce(sum(next - first), 0)::bigint from consumer_offset where topic = $1"
_VERDICTS = f"select {', '.join(f'coalesce(sum({column}), 0)::bigint as {column}' for column in _COLUMNS.values())} from consumer_offset where topic = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run found. Seconds count from the start of the first process."""

    purchases: int
    granted: int
    first_seconds: float
    first_count: int
    verdicts_seconds: float
    rewards_seconds: float
    cpu: Mapping[str, float]
    entries: int = 0
    audit_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Purchases a second while consuming: after the first offset was seen to advance, up to the last readable reward."""
        return (self.purchases - self.first_count) / (self.rewards_seconds - self.first_seconds)

    @property
    def per_second_from_start(self) -> float:
        """Purchases a second from the start of the process: imports, migrations, joining the group and all."""
        return self.purchases / self.rewards_seconds

    @property
    def disturbance(self) -> float:
        """Return the share of the machine that somebody else had."""
        return (self.cpu["others"] + self.cpu["stolen"]) / sum(self.cpu.values())

    @property
    def audit_seconds_per_million(self) -> float:
        """P12."""
        return self.audit_seconds / self.entries * 1_000_000 if self.entries else 0.0

    def cpu_text(self) -> str:
        """Say how much CPU time each part of the system used for one purchase."""
        return ", ".join(f"{part} {self.cpu[part] / self.purchases * 1e6:.0f} µs" for part in ("accrual", "postgresql", "kafka"))

    def as_json(self) -> dict[str, Any]:
        """Make the object of the results file."""
        return {
            "purchases": self.purchases,
            "granted": self.granted,
            "purchases_per_second": round(self.per_second),
            "purchases_per_second_from_process_start": round(self.per_second_from_start),
            "first_offset_seconds": round(self.first_seconds, 2),
            "first_offset_purchases": self.first_count,
            "last_verdict_seconds": round(self.verdicts_seconds, 2),
            "last_reward_seconds": round(self.rewards_seconds, 2),
            "disturbance": round(self.disturbance, 3),
            "cpu_seconds": {part: round(seconds, 2) for part, seconds in self.cpu.items()},
            "ledger_entries": self.entries,
            "audit_seconds": round(self.audit_seconds, 2),
            "violations": 0,  # or there would be no run to tell of
        }


async def catch_up(ground: Ground, urls: ServiceUrls, processes: Sequence[Process], reader: Reader, *, purchases: int, advance: Advance) -> Run:
    """Watch the processes work off the backlog. A run that grants a purchase twice, or not at all, fails."""
    started_at = processes[0].started_at
    before, first_ends = cpu_seconds(ground, processes), await reader.ends()
    async with _asking(urls.verify) as ask:
        done, first_at, first_count = 0, 0.0, 0
        async for done, moment in _progress(ask, processes, purchases):
            if done and not first_at:
                first_at, first_count = moment, done
            advance(done)
        verdicts_at = time.monotonic()
        granted = await _granted(ask, purchases)
        rewards_at, last_ends = await _all_readable(reader, first_ends, granted)
    after = cpu_seconds(ground, processes)
    readable = await reader.count(first_ends, last_ends)
    if readable != granted:
        raise Failure(f"{granted:,} purchases were granted points, but {readable:,} different rewards are in Kafka.")
    return Run(
        purchases=purchases,
        granted=granted,
        first_seconds=first_at - started_at,
        first_count=first_count,
        verdicts_seconds=verdicts_at - started_at,
        rewards_seconds=rewards_at - started_at,
        cpu={part: after[part] - before[part] for part in after},
    )


async def check(urls: ServiceUrls) -> tuple[int, float]:
    """Run the audit that `loyalty verify` runs, and return how many entries there are and the seconds it took. A violation fails."""
    async with _asking(urls.verify) as ask:
        entries: int = await ask.fetchval("select count(*) from entry")
    began = time.monotonic()
    findings = [found async for found in audit(chosen(offered(), services=[SERVICE], invariant=None), urls={SERVICE: urls.verify}, exhaustive=False)]
    seconds = time.monotonic() - began
    damage = first_damage(findings)
    if damage is not None:
        raise Failure(f"A figure from a damaged ledger is no figure. {damage}")
    return entries, seconds


@asynccontextmanager
async def _asking(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def _progress(ask: asyncpg.Connection, processes: Sequence[Process], purchases: int) -> AsyncIterator[tuple[int, float]]:
    """Tell how many purchases have a verdict, until all have."""
    done, moved_at = 0, time.monotonic()
    while done < purchases:
        await asyncio.sleep(POLL_SECONDS)
        try:
            now_done = await ask.fetchval(_PROGRESS, PURCHASES)
        except asyncpg.UndefinedTableError:
            now_done = 0
        now = time.monotonic()
        if now_done > done:
            done, moved_at = now_done, now
        ensure_alive(processes)
        if now - moved_at > STALLED_SECONDS:
            raise Failure(f"Nothing moves after {done:,} of {purchases:,} purchases. The end of the log:\n{processes[0].tail()}")
        yield done, now


async def _granted(ask: asyncpg.Connection, purchases: int) -> int:
    """Count the grants. Every purchase was made up to be accepted, so any other verdict is a fault of somebody."""
    row = await ask.fetchrow(_VERDICTS, PURCHASES)
    verdicts = {verdict: row[column] for verdict, column in _COLUMNS.items() if row is not None and row[column]}
    granted: int = verdicts.get(Verdict.GRANTED, 0)
    if granted + verdicts.get(Verdict.NOTHING_EARNED, 0) != purchases:
        raise Failure(f"The backlog was not simply accepted: {', '.join(f'{count:,} {verdict}' for verdict, count in verdicts.items())}.")
    return granted


async def _all_readable(reader: Reader, first: Ends, granted: int) -> tuple[float, Ends]:
    """Wait until Kafka holds as many new rewards as were granted."""
    deadline = time.monotonic() + STALLED_SECONDS
    while True:
        ends = await reader.ends()
        now = time.monotonic()
        if sum(ends[place] - first[place] for place in ends) >= granted:
            return now, ends
        if now > deadline:
            raise Failure(f"After {STALLED_SECONDS:.0f} s not all of the {granted:,} rewards are in Kafka.")
        await asyncio.sleep(POLL_SECONDS / 2)
