"""P2: what the same statements with the same arguments cost when nothing is decoded and nothing is decided.

The service works off the backlog once with every statement noted. Its batches are then replayed into a database that is as that one was before:
the same locks, look-ups, rows and commits, in the same order within each partition, as many batches at once, from one process.
"""

import asyncio
import gc
import pickle
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, cast

import asyncpg
import psycopg
from chain import PURCHASES
from ground import Ground
from recorder import COPY, Note, stream

from loyalty.console import Failure
from shared.kafka import Consuming
from shared.postgres import ServiceUrls, create_pool

TEMPLATE = "accrual_ceiling"
#: What the driver asks by itself, once a connection.
DRIVERS_OWN = ("typeinfo_tree", "set_config('jit'")
#: The service lets PostgreSQL draw the ids of accounts. Here they follow from the holder, so that noted ids fit the replay.
_SAME_IDS = """
    create function bench_same_account() returns trigger language plpgsql as $$ begin
        new.account_id := md5(new.holder || '/' || new.programme)::uuid;
        return new;
    end $$;
    create trigger bench_same_account before insert on holder for each row execute function bench_same_account();
"""
_TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'outbox' order by relname"
BATCHES_AT_ONCE: int = signature(Consuming).parameters["batches_at_once"].default
MARK = "consumer_offset"

Batch = Sequence[Note]


@dataclass(frozen=True, slots=True)
class Script:
    """What the service said to PostgreSQL about a backlog: statements that begin partitions, and the batches of each partition."""

    purchases: int
    begins: list[Note]
    lanes: dict[int, list[Batch]]
    counts: dict[str, int]

    @property
    def batches(self) -> list[Batch]:
        """List the batches."""
        return [batch for lane in self.lanes.values() for batch in lane]

    def as_json(self) -> dict[str, Any]:
        """Make the object of the results file: how much was said, and how long the service waited for each answer."""
        batches = self.batches
        waited: dict[str, list[float]] = defaultdict(list)
        for batch in batches:
            for _, statement, _, seconds in batch:
                waited[_short(statement)].append(seconds)
        return {
            "purchases": self.purchases,
            "batches": len(batches),
            "statements": sum(map(len, batches)),
            "waited_ms_per_batch": {
                statement: round(sum(seconds) / len(batches) * 1000, 2) for statement, seconds in sorted(waited.items(), key=lambda item: -sum(item[1]))
            },
        }


def _short(statement: str) -> str:
    return re.sub(r"savepoint_\w+|__asyncpg_\w+", "…", " ".join(statement.split()))[:80]


def prepare(ground: Ground, template: str) -> None:
    """Make the database that both the recording and the replays start from."""
    urls = ground.database(TEMPLATE, template=template)
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        connection.execute(_SAME_IDS)


def recorder_command(file: Path) -> list[str]:
    """Return the arguments that start the service with notes taken."""
    return [str(Path(__file__).with_name("recorder.py")), str(file)]


def read(file: Path, urls: ServiceUrls, *, purchases: int) -> Script:
    """Read the notes of a recording, and keep the batches of purchases."""
    with file.open("rb") as source:
        connections: list[list[Note]] = pickle.load(source)
    begins: list[Note] = []
    batches: list[tuple[int, Batch]] = []
    for notes in connections:
        for transaction in _transactions(note for note in notes if not any(mark in note[1] for mark in DRIVERS_OWN)):
            partition = next((note[2][2] for note in transaction if MARK in note[1] and PURCHASES in note[2][1:2]), None)
            if partition is not None and len(transaction) > 1:
                batches.append((partition, transaction))
            elif MARK in transaction[0][1] and transaction[0][1].lstrip().startswith("insert"):
                begins += transaction
    lanes: dict[int, list[Batch]] = defaultdict(list)
    for partition, batch in sorted(batches, key=lambda found: found[1][0][0]):
        lanes[partition].append(batch)
    return Script(purchases, begins, dict(lanes), _counts(urls))


def _transactions(notes: Iterable[Note]) -> Iterable[Batch]:
    """Cut a connection's notes into committed transactions; what was said outside of one stands alone."""
    inside: list[Note] = []
    for note in notes:
        word = note[1].lstrip()[:9].upper()
        if word.startswith("BEGIN"):
            inside = [note]
        elif not inside:
            yield [note]
        else:
            inside.append(note)
            if word.startswith("COMMIT"):
                yield inside
            if word.startswith(("COMMIT", "ROLLBACK;")):
                inside = []


async def replay(ground: Ground, script: Script, *, name: str) -> float:
    """Replay a script into a fresh database, and return the purchases a second. Fails if the tables do not end as they were recorded."""
    urls = ground.database(name, template=TEMPLATE)
    pool = await create_pool(urls.app, size=BATCHES_AT_ONCE, min_size=BATCHES_AT_ONCE, application_name="replay")
    free: asyncio.Queue[asyncpg.Connection] = asyncio.Queue()
    held = [cast("asyncpg.Connection", await pool.acquire()) for _ in range(BATCHES_AT_ONCE)]
    try:
        for connection in held:
            free.put_nowait(connection)
        for _, statement, arguments, _ in script.begins:
            await held[0].execute(statement, *arguments)
        gc.freeze()  # the notes are many, and walking over them is nobody's cost
        began = time.monotonic()
        async with asyncio.TaskGroup() as lanes:
            for batches in script.lanes.values():
                lanes.create_task(_lane(batches, free))
        seconds = time.monotonic() - began
        gc.unfreeze()
    finally:
        pool.terminate()
    if (counts := _counts(urls)) != script.counts:
        different = [
            f"{table}: {script.counts[table]:,} recorded, {counts.get(table):,} replayed"
            for table in script.counts
            if counts.get(table) != script.counts[table]
        ]
        raise Failure(f"The replay wrote other rows than the service. {'; '.join(different)}")
    return script.purchases / seconds


async def _lane(batches: Iterable[Batch], free: asyncio.Queue[asyncpg.Connection]) -> None:
    for batch in batches:
        connection = await free.get()
        for _, statement, arguments, _ in batch:
            await _say(connection, statement, arguments)
        free.put_nowait(connection)


async def _say(connection: asyncpg.Connection, statement: str, arguments: tuple[Any, ...]) -> None:
    if statement.startswith(COPY):
        data, columns, options = arguments
        table = statement.removeprefix(COPY)
        if options is None:
            await connection.copy_records_to_table(table, records=data, columns=columns)
        else:
            await connection.copy_to_table(table, source=stream(data), columns=columns, **options)
    elif arguments or statement.lstrip()[:6].lower() == "select":
        await connection.fetch(statement, *arguments)  # prepared, as the service has it
    else:
        await connection.execute(statement)


def _counts(urls: ServiceUrls) -> dict[str, int]:
    """Count the rows of every table but the outbox, which the relay empties."""
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        tables = [name for (name,) in connection.execute(_TABLES)]
        return {name: connection.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables}  # type: ignore[index]
