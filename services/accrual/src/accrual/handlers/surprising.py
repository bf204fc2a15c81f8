"""Seeds of surprises: made when one is first published, promised in public at once, and shown when nothing can be drawn any more."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accrual.domain.document.problems import Problem
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.rewards.secrecy import secret_until
from accrual.domain.rewards.surprises import commitment_of, seed_of
from accrual.store import Connection
from accrual.store import surprises as store
from accrual.store.surprises import Lot


async def promise(connection: Connection, programme: Programme, *, secret: bytes, now: datetime) -> None:
    """Give each new surprise of a version that is published its seed, made of a secret, and promise it. A known one keeps its own."""
    name, lots = programme.terms.id, list[Lot]()
    for part in programme.document.surprises:
        seed = seed_of(secret, name, part.id)
        lots.append(Lot(name, part.id, part.chance, commitment_of(name, part.id, part.chance, seed), seed, now))
    await store.promise(connection, lots)


async def broken(connection: Connection, published: Programmes, programme: Programme, *, now: datetime) -> tuple[Problem, ...]:
    """Return which surprises a version to be published has otherwise than promised, or with a seed that everybody knows."""
    parts = {part.id: part for part in programme.document.surprises}
    if not parts:
        return ()
    problems, advice = list[Problem](), "give the new one an id of its own"
    versions = versions_of(published, programme.terms.id)
    for lot in await store.of(connection, [programme.terms.id]):
        part = parts.get(lot.surprise)
        if part is not None and part.chance != lot.chance:
            problems.append(Problem(None, "surprises", f"{lot.surprise} was promised with a chance of {lot.chance}", f"leave it, or {advice}"))
        elif part is not None and is_over(versions, lot.surprise, now=now):
            problems.append(Problem(None, "surprises", f"{lot.surprise} is over, and its seed is public", advice))
    return tuple(problems)


async def told(connection: Connection, published: Programmes, programme: str, surprise: str, *, now: datetime) -> dict[str, Any] | None:
    """Return what the public may know: the commitment, and the seed once it is over. None: there is no such surprise."""
    lot = next((lot for lot in await store.of(connection, [programme]) if lot.surprise == surprise), None)
    if lot is None:
        return None
    versions = versions_of(published, programme)
    over = is_over(versions, surprise, now=now)
    return {
        "programme": programme,
        "surprise": surprise,
        "chance": lot.chance,
        "commitment": lot.commitment.hex(),
        "committed_at": lot.committed_at,
        "secret_until": secret_until(versions, surprise),
        "seed": lot.seed.hex() if over else None,
    }


def is_over(versions: list[Programme], surprise: str, *, now: datetime) -> bool:
    """Tell whether nothing can be drawn of a surprise any more."""
    until = secret_until(versions, surprise)
    return until is not None and until < now


def versions_of(published: Programmes | Iterable[Programme], programme: str) -> list[Programme]:
    """Return the versions of a programme in the order in which they are in force."""
    found = published.all() if isinstance(published, Programmes) else published
    return sorted((version for version in found if version.terms.id == programme), key=lambda version: version.terms.starts_at)
