"""PostgreSQL for one machine."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import psutil
import psycopg
import pytest

from shared.local import LocalPostgres, accounts, start_postgres
from shared.local import postgres as module
from shared.local.processes import Account, Served
from shared.testing import eventually

HOLD = """
import signal, sys
from pathlib import Path
from shared.local import start_postgres
server = start_postgres(Path(sys.argv[1]), durable=False)
print(server.served.pid, flush=True)
signal.pause()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(mkdtemp(prefix="loyalty-test-"))
    path.chmod(0o711)
    yield path / "postgres"
    shutil.rmtree(path)


def value(server: LocalPostgres, question: str) -> object:
    with psycopg.connect(server.url) as connection:
        row = connection.execute(question).fetchone()  # type: ignore[call-overload]
        return row and row[0]


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_it_keeps_what_was_written_and_its_port_over_stop_and_crash(folder: Path):
    server = start_postgres(folder)
    try:
        ports = server.served.ports
        with psycopg.connect(server.create_database("shop")) as connection:
            connection.execute("create table entry as select 7 as points")
        for end in (server.stop, server.kill):
            end()
            server = start_postgres(folder)
            assert server.served.ports == ports
            with psycopg.connect(server.database_url("shop")) as connection:
                assert connection.execute("select points from entry").fetchone() == (7,)
    finally:
        server.remove()
    assert not folder.exists()


def test_a_server_that_runs_is_found_again(folder: Path):
    server = start_postgres(folder, durable=False)
    try:
        assert start_postgres(folder, durable=False) == server
    finally:
        server.remove()


def test_it_is_durable_unless_told_otherwise_and_speaks_on_loopback_only(folder: Path):
    server = start_postgres(folder, settings={"work_mem": "5MB"})
    try:
        for name, wanted in {"fsync": "on", "synchronous_commit": "on", "listen_addresses": "127.0.0.1", "autovacuum": "on", "work_mem": "5MB"}.items():
            assert value(server, f"show {name}") == wanted
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url.replace(server.password, "guess"))
    finally:
        server.remove()


def test_numbers_of_dead_processes_are_not_believed(folder: Path):
    server = start_postgres(folder, durable=False)
    server.kill()
    place = accounts.place_for(folder, accounts.server_account())
    Served(pid=os.getpid(), created=0.0, ports=server.served.ports, kind="PostgreSQL").save(folder)
    (place / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{place / 'data'}\n")
    server = start_postgres(folder, durable=False)
    try:
        assert value(server, "select 1") == 1
    finally:
        server.remove()


def test_it_does_not_outlive_a_parent_that_was_killed(folder: Path):
    parent = subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent, parent.stdout:
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    deadline = psutil.Process(pid) if psutil.pid_exists(pid) else None
    if deadline is not None:
        psutil.wait_procs([deadline], timeout=20)
    assert gone(pid)
    start_postgres(folder, durable=False).remove()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give way")
def test_root_runs_it_as_somebody_else_even_from_a_folder_that_only_root_can_enter(folder: Path, monkeypatch: pytest.MonkeyPatch):
    folder.parent.chmod(0o700)
    site = folder.parent / "site-packages"
    for name in module._WHEEL:
        shutil.copytree(module._site() / name, site / name, symlinks=True)
    monkeypatch.setattr(module, "_site", lambda: site)
    server = start_postgres(folder, durable=False)
    try:
        assert psutil.Process(server.served.pid).uids().real != 0
        assert value(server, "select 1") == 1
        place = accounts.place_for(folder.resolve(), accounts.server_account())
        assert place != folder
    finally:
        server.remove()
    assert not place.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give way")
def test_a_place_elsewhere_goes_when_the_folder_it_stands_for_is_gone(folder: Path, tmp_path: Path):
    folder.parent.chmod(0o700)
    folder.mkdir()
    account = Account(uid=1, gid=1)
    place = accounts.place_for(folder, account)
    (place / "data").mkdir()
    accounts.place_for(tmp_path, account)
    assert place.exists()
    folder.rmdir()
    other = accounts.place_for(tmp_path, account)
    assert not place.exists()
    shutil.rmtree(other)


def test_programs_out_of_reach_are_copied_once(tmp_path: Path):
    site, place = tmp_path / "closed", tmp_path / "place"
    for name in ("server/bin", "server.libs", "unneeded"):
        (site / name).mkdir(parents=True)
        (site / name / "file").write_text(name)
    place.mkdir()
    site.chmod(0o700)
    needed = ("server/bin", "server.libs", "not-on-this-system")
    copies = [accounts.programs_for(site, needed, place, Account(uid=1, gid=1)) for _ in range(2)]
    assert copies == [place / "programs"] * 2
    assert sorted(str(path.relative_to(copies[0])) for path in copies[0].rglob("file")) == ["server.libs/file", "server/bin/file"]
    assert accounts.programs_for(site, needed, place, Account()) == site


async def test_a_start_that_fails_ends_with_the_last_words(folder: Path):
    with pytest.raises(Exception, match="no_such_setting"):
        start_postgres(folder, durable=False, settings={"no_such_setting": "1"})
    await eventually(lambda: Served.load(folder) is not None)
