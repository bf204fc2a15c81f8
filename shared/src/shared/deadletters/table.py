"""The table of dead letters: every record that was put aside, as it was, until somebody deals with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

import asyncpg

from contracts.envelope import Event
from shared.batches.records import Fetched
from shared.deadletters.letters import Failure, origin, own_headers
from shared.outbox.table import pack, unpack

_REASON_LENGTH = 1000
#: What a record claims of its past is believed up to here: more would not fit its column, and nobody waits that long.
_MOST_ATTEMPTS = 1_000_000
_LONGEST_AGO = timedelta(days=3650)
_PUT_ASIDE = """
    insert into dead_letter (
        key, event_id, source, type, code, reason, topic, partition, "offset", attempts, first_failed_at, record_key, headers, value,
        failed_at, changed_at, state
    ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, 'waiting')
    on conflict (key) do update set
        event_id = excluded.event_id, source = excluded.source, type = excluded.type, code = excluded.code, reason = excluded.reason,
        topic = excluded.topic, partition = excluded.partition, "offset" = excluded."offset",
        attempts = greatest(dead_letter.attempts + 1, excluded.attempts),
        record_key = excluded.record_key, headers = excluded.headers, value = excluded.value,
        failed_at = excluded.failed_at, changed_at = excluded.changed_at, state = excluded.state
    -- Known by its place alone, it comes again only if we sent it again: anybody may write a place into a header.
    where excluded.event_id is not null or dead_letter.state = 'redriven'
"""
_WAITING = "select topic, code, count(*) as count from dead_letter where state = 'waiting' group by topic, code"


class State(StrEnum):
    """Where a dead letter stands. Waiting and redriven ones keep their bytes."""

    WAITING = "waiting"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What is known of a record that was put aside. `size` counts its bytes, 0 once they are gone."""

    key: bytes
    state: State
    event_id: str | None
    source: str | None
    type: str | None
    code: str
    reason: str
    topic: str
    partition: int
    offset: int
    attempts: int
    first_failed_at: datetime
    failed_at: datetime
    changed_at: datetime
    changed_by: str | None
    size: int

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """Take it out of a row that was selected with COLUMNS."""
        return cls(**{each.name: row[each.name] for each in fields(cls) if each.name != "state"}, state=State(row["state"]))


#: The size is found without reading the bytes.
SIZE = "coalesce(octet_length(value), 0) + coalesce(octet_length(record_key), 0) + coalesce(octet_length(headers), 0)"
COLUMNS = ", ".join(f"{SIZE} as size" if each.name == "size" else f'"{each.name}"' for each in fields(DeadLetter))


@dataclass(frozen=True, slots=True)
class Content:
    """A record as it was: its key, its sender's headers, its value."""

    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which dead letters are meant. What is None leaves all; times are those of the last failure, `since` included, `until` too."""

    keys: Sequence[bytes] | None = None
    states: Sequence[State] | None = None
    topic: str | None = None
    type: str | None = None
    code: str | None = None
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def where(self) -> tuple[str, list[object]]:
        """Write the condition, and the arguments that it numbers from 1."""
        asked = {
            "key = any({}::bytea[])": self.keys,
            "state = any({}::text[])": None if self.states is None else [str(state) for state in self.states],
            "topic = {}": self.topic,
            "type = {}": self.type,
            "code = {}": self.code,
            "source = {}": self.source,
            "failed_at >= {}": self.since,
            "failed_at <= {}": self.until,
        }
        given = [(condition, value) for condition, value in asked.items() if value is not None]
        conditions = [condition.format(f"${number}") for number, (condition, _) in enumerate(given, 1)]
        return " and ".join(conditions) or "true", [value for _, value in given]


async def put_aside(connection: asyncpg.Connection, dead: Iterable[tuple[bytes, Fetched, Failure, Event[object] | None]], *, now: datetime) -> None:
    """Keep these records, by their keys in the inbox; one that was here before waits again, with one more attempt counted.

    Call it after the inbox was written: whoever settles a row comes from there, and so nobody waits for the other.
    """
    rows = [_row(*each, now=now) for each in dead]
    await connection.executemany(_PUT_ASIDE, sorted(rows, key=lambda row: row[0]))  # type: ignore[arg-type, return-value]


def _row(key: bytes, record: Fetched, failure: Failure, event: Event[object] | None, *, now: datetime) -> tuple[object, ...]:
    place = origin(record)
    return (
        key,
        event.id if event else failure.event_id,
        event.source if event else failure.source,
        event.type if event else failure.type,
        failure.code,
        failure.reason[:_REASON_LENGTH].encode("utf-8", "replace").decode().replace("\x00", ""),
        place.topic,
        place.partition,
        place.offset,
        min(place.attempts, _MOST_ATTEMPTS) + 1,
        _since(place.first_failed_at, now),
        record.key,
        pack(own_headers(record)),
        record.value,
        now,
    )


def _since(claimed: str | None, now: datetime) -> datetime:
    try:
        since = datetime.fromisoformat(claimed or "")
    except ValueError:
        return now
    return since.astimezone(UTC) if since.tzinfo is not None and now - _LONGEST_AGO < since < now else now


async def page(connection: asyncpg.Connection, which: Which, *, before: tuple[datetime, bytes] | None, limit: int) -> list[DeadLetter]:
    """List the newest failures first, those before a (failed_at, key) of an earlier page."""
    condition, arguments = which.where()
    if before is not None:
        condition += f" and (failed_at, key) < (${len(arguments) + 1}, ${len(arguments) + 2})"
        arguments += before
    query = f"select {COLUMNS} from dead_letter where {condition} order by failed_at desc, key desc limit {limit:d}"  # noqa: S608  numbered arguments
    return [DeadLetter.of(row) for row in await connection.fetch(query, *arguments)]


async def find(connection: asyncpg.Connection, key: bytes) -> tuple[DeadLetter, Content | None] | None:
    """Show one dead letter, and the record as long as it is kept. None: there never was one."""
    query = f"select {COLUMNS}, record_key, headers, value from dead_letter where key = $1"  # noqa: S608  constants
    row = await connection.fetchrow(query, key)
    if row is None:
        return None
    return DeadLetter.of(row), None if row["headers"] is None else Content(row["record_key"], unpack(row["headers"]), row["value"])


async def waiting(connection: asyncpg.Connection) -> dict[tuple[str, str], int]:
    """Count what waits, by topic and code."""
    return {(row["topic"], row["code"]): row["count"] for row in await connection.fetch(_WAITING)}
