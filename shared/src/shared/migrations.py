"""Brings a database to the version that the code expects: numbered SQL files, forward only, by yoyo-migrations."""

import contextlib
import hashlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import stamina
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import parse_uri
from yoyo.migrations import Migration

from shared.logs import SpeakableError

#: Tables that every service has: inbox, outbox, offsets. Applied before the service's own.
SHARED = Path(__file__).parent / "sql"
#: A migration that cannot have its lock steps aside, so that traffic never queues behind it; it then tries again.
LOCK_TIMEOUT_SECONDS = 2
LOCK_ATTEMPTS = 30
_LOCK = "select pg_advisory_lock(hashtext('migrations'))"
#: Whoever may connect may know which files the database has had.
_REMEMBER = """
    create table if not exists migration_checksum (id text primary key, sha256 text not null);
    grant select on migration_checksum to public;
"""


class MigrationChangedError(SpeakableError):
    """A migration that a database has already had reads differently now."""


def apply(url: str, directories: Sequence[Path] = ()) -> int:
    """Apply what is missing, the shared files first, and return how many files that was.

    Each file is one transaction together with the note that it was applied: killed half-way, it was not. Two processes may
    start at once: one waits. A file that was changed after it was applied is refused before anything runs. Migrations of a
    newer release are left alone, so that the release before still starts. The URL should be the owner's.
    """
    migrations = _read(directories)
    with psycopg.connect(url, autocommit=True) as guard:
        guard.execute(_LOCK)  # held until the connection ends, so a killed process leaves no lock behind
        with _backend(url) as backend:
            backend.execute(_REMEMBER)
            _refuse_changed(backend, migrations)
            missing = [migration for migration in migrations if not backend.is_applied(migration)]
            for migration in missing:
                _apply_one(backend, migration)
            return len(missing)


def pending(url: str, directories: Sequence[Path] = ()) -> list[str]:
    """Return the names of the files that the database has not had yet. Changes nothing."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("select to_regclass('migration_checksum') is not null").fetchone()
        had = {name for (name,) in connection.execute("select id from migration_checksum")} if row and row[0] else set()
    return [migration.id for migration in _read(directories) if migration.id not in had]


def _read(directories: Sequence[Path]) -> list[Migration]:
    migrations = [migration for directory in (SHARED, *directories) for migration in read_migrations(str(directory))]
    names = [migration.id for migration in migrations]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"two migrations have the same name: {', '.join(twice)}")
    for migration in migrations:
        migration.load()
    return migrations


@contextlib.contextmanager
def _backend(url: str) -> Iterator[PostgresqlPsycopgBackend]:
    address = parse_uri(url)
    address = address._replace(scheme="postgresql+psycopg", args={**address.args, "options": f"-c lock_timeout={LOCK_TIMEOUT_SECONDS}s"})
    backend = PostgresqlPsycopgBackend(address, "_yoyo_migration")
    backend._is_locked = True  # noqa: SLF001  yoyo's lock is a row that outlives a killed process; ours does not
    with backend:
        backend.ensure_internal_schema_updated()
        yield backend


def _refuse_changed(backend: PostgresqlPsycopgBackend, migrations: Sequence[Migration]) -> None:
    had = dict(backend.execute("select id, sha256 from migration_checksum").fetchall())
    for migration in migrations:
        if had.get(migration.id, _checksum(migration)) != _checksum(migration):
            raise MigrationChangedError(
                f"{migration.path} was changed after this database had it. Put the file back as it was and write the change as a new migration."
            )


def _apply_one(backend: PostgresqlPsycopgBackend, migration: Migration) -> None:
    for attempt in stamina.retry_context(on=psycopg.errors.LockNotAvailable, attempts=LOCK_ATTEMPTS, timeout=None):
        whole = backend.transaction() if migration.use_transactions else contextlib.nullcontext()
        # yoyo prints the rows of a select; a service's output is its log
        with attempt, contextlib.redirect_stdout(io.StringIO()), whole:
            migration.process_steps(backend, "apply")
            backend.mark_one(migration)
            backend.execute("insert into migration_checksum (id, sha256) values (:id, :sha256)", {"id": migration.id, "sha256": _checksum(migration)})


def _checksum(migration: Migration) -> str:
    return hashlib.sha256(Path(migration.path).read_bytes()).hexdigest()
