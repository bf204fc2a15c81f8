"""Runs the checks that services offer, each against its own service's database."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points

import asyncpg

from loyalty.console import COULD_NOT, Failure
from shared.checks import ENTRY_POINT_GROUP, Check, Violation

#: Without `--all` a check stops here: a broken invariant rarely breaks in one row, and one is enough to be damaged.
ENOUGH_VIOLATIONS = 100
CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Question:
    """One check of one service."""

    service: str
    check: Check


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `stopped` says that it was left once enough was found."""

    service: str
    invariant: str
    title: str
    violations: int
    first: Violation | None
    stopped: bool

    @property
    def clean(self) -> bool:
        """Nothing contradicts the invariant."""
        return self.violations == 0


def offered() -> list[Question]:
    """List every check that an installed service offers: the invariants of the ledger first, then each service's own."""
    found = [Question(entry.name, check) for entry in entry_points(group=ENTRY_POINT_GROUP) for check in entry.load()]
    return sorted(found, key=lambda question: (_place(question.check.id), question.service))


def _place(invariant: str) -> tuple[bool, str, int]:
    """Order by family, I first, then by number: I2 comes before I10."""
    family = invariant.rstrip("0123456789")
    return (family != "I", family, int(invariant.removeprefix(family) or 0))


def chosen(questions: Iterable[Question], *, services: Iterable[str], invariant: str | None) -> list[Question]:
    """Keep the checks of these services and, where one is named, of that invariant. Fails where nothing would be checked."""
    wanted = set(services)
    here = [question for question in questions if question.service in wanted]
    silent = sorted(wanted - {question.service for question in here})
    if silent and invariant is None:  # a service that is not asked must not pass for clean
        advice = "Its package is installed without its entry points: `make setup` installs it anew."
        raise Failure(f"{' and '.join(silent)} offers no checks.", advice=advice, code=COULD_NOT)
    kept = [question for question in here if invariant is None or question.check.id.casefold() == invariant.casefold()]
    if not kept:
        known = ", ".join(dict.fromkeys(question.check.id for question in here)) or "none"
        raise Failure(f"No check of {invariant or 'these services'} is offered.", advice=f"Known here: {known}.", code=COULD_NOT)
    return kept


async def audit(questions: Iterable[Question], *, urls: Mapping[str, str], exhaustive: bool) -> AsyncIterator[Finding]:
    """Ask each question in turn; memory stays flat. Fails with exit code 2 where a question could not be answered."""
    for question in questions:
        async with _reading(question.service, urls[question.service]) as connection:
            try:
                yield await _answer(question, connection, exhaustive=exhaustive)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                advice = "Is the database migrated, and may the role read it?"
                raise Failure(f"{question.check.id} of {question.service} could not be checked: {error}", advice=advice, code=COULD_NOT) from error


async def _answer(question: Question, connection: asyncpg.Connection, *, exhaustive: bool) -> Finding:
    first, count, stopped = None, 0, False
    async with aclosing(question.check.run(connection)) as violations:  # type: ignore[type-var]
        async for violation in violations:
            first, count = first or violation, count + 1
            if count == ENOUGH_VIOLATIONS and not exhaustive:
                stopped = True
                break
    return Finding(question.service, question.check.id, question.check.title, count, first, stopped)


@asynccontextmanager
async def _reading(service: str, url: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect so that nothing can be written, whatever the role may do."""
    settings = {"application_name": "loyalty verify", "default_transaction_read_only": "on", "timezone": "UTC"}
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings=settings)
    except (asyncpg.PostgresError, OSError, TimeoutError, ValueError) as error:
        raise Failure(f"The database of {service} cannot be reached: {error}", advice="Is the stack up? See `loyalty status`.", code=COULD_NOT) from error
    try:
        yield connection
    finally:
        await connection.close()
