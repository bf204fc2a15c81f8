"""What the containers run, run here: the steps of their jobs on a real broker and PostgreSQL, the image's own command, its health check."""

import asyncio
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg
import psutil
import psycopg
import pytest
import yaml
from packaging.requirements import Requirement

from loyalty.stack.containers import SHARES, lay_ground, lay_keys
from shared import migrations
from shared.local.ports import free_ports
from shared.testing import Server, eventually

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
HEALTHY = ROOT / "deploy/docker/healthy.py"


@pytest.fixture(scope="module")
def parts() -> ModuleType:
    """What the Dockerfile asks for its lists."""
    spec = importlib.util.spec_from_file_location("parts", ROOT / "deploy/docker/parts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.ROOT = ROOT
    return module


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, postgres_server: Server, kafka: str) -> Path:
    """The volume that containers share, after the jobs `keys` and `ground`; the second time they change nothing."""
    folder = tmp_path_factory.mktemp("volume")
    lay_keys(folder)
    parts = urlsplit(postgres_server.url)
    (folder / "postgres/password").write_text(unquote(parts.password or ""))
    for _ in range(2):
        before = {file: file.read_bytes() for file in _files(folder)}
        lay_keys(folder)
        assert {file: file.read_bytes() for file in before} == before
        without_password = urlunsplit(parts._replace(netloc=f"{parts.username}@{parts.hostname}:{parts.port}"))
        lay_ground(folder, admin_url=without_password, bootstrap_servers=kafka)
    return folder


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _here(url: str, server: Server, share: Path) -> str:
    """Translate an address of the composed network into one of this machine."""
    at = urlsplit(server.url)
    return url.replace("postgres:5432", f"{at.hostname}:{at.port}").replace("/run/loyalty", str(share))


def test_every_container_sees_its_own_keys_and_nobody_else_may_read_them(stack: Path):
    for service, names in SHARES.items():
        passwords = {"pgpass"} if "DATABASE_URL" in COMPOSE[service]["environment"] else set()
        assert {file.name for file in _files(stack / service)} == {*names, *passwords}
    assert {file.name for file in _files(stack / "postgres")} == {"password"}
    assert {oct(file.stat().st_mode & 0o777) for file in _files(stack)} == {"0o600"}


@pytest.mark.parametrize("service", ["accrual", "members"])
def test_a_service_reaches_its_database_by_the_composed_address(service: str, stack: Path, postgres_server: Server):
    given = {name: _here(COMPOSE[service]["environment"][name], postgres_server, stack / service) for name in ("DATABASE_URL", "DATABASE_MIGRATION_URL")}
    migrations.apply(given["DATABASE_MIGRATION_URL"], [ROOT / "services" / service / "migrations"])
    assert asyncio.run(_user(given["DATABASE_URL"])) == f"{service}_app"
    assert migrations.pending(given["DATABASE_URL"], [ROOT / "services" / service / "migrations"]) == []


def test_the_auditor_reaches_every_database_with_his_own_password(stack: Path, postgres_server: Server):
    passfile = Path(COMPOSE["loyalty"]["environment"]["PGPASSFILE"])
    assert passfile.is_relative_to("/stack")
    at = urlsplit(postgres_server.url)
    for database in ("accrual", "members"):
        url = f"postgresql://verify@{at.hostname}:{at.port}/{database}?passfile={stack / passfile.relative_to('/stack')}"
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("create table mine ()")


async def _user(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        user: str = await connection.fetchval("select current_user")
        return user
    finally:
        await connection.close()


async def test_the_images_command_is_python_itself_and_its_health_check_asks_it(stack: Path):
    recipe = (ROOT / "Dockerfile").read_text()
    command, check = (json.loads(text) for text in re.findall(r"^(?:HEALTHCHECK .+ )?CMD (\[.+\])$", recipe, re.MULTILINE)[::-1])
    assert (check[0], Path(check[1]).name) == ("python", HEALTHY.name)
    (port,) = free_ports(None)
    given = {name: value.replace("/run/loyalty", str(stack / "gateway")) for name, value in COMPOSE["gateway"]["environment"].items()}
    own = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "SERVICE": "gateway", "HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(port)}
    assert not _healthy(own)
    running = await asyncio.create_subprocess_exec(*command, env=given | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        await eventually(lambda: _healthy(own))
        assert psutil.Process(running.pid).cmdline()[1:] == ["-m", "gateway"]
    finally:
        running.terminate()
        said, _ = await running.communicate()
    assert (running.returncode, b"stopped in order" in said) == (0, True)


def _healthy(environment: dict[str, str]) -> bool:
    return subprocess.run([sys.executable, HEALTHY], env=environment, check=False).returncode == 0


@pytest.mark.parametrize("part", ["accrual", "members", "gateway", "loyalty"])
def test_an_image_holds_the_libraries_that_its_packages_need_and_no_test_tools(part: str, parts: ModuleType):
    chosen = parts.names_of(part)
    assert set(_needed("loyalty" if part == "loyalty" else f"loyalty-{part}", stop=parts.SERVERS)) - chosen == set()
    assert chosen & {"pytest", "hypothesis", "mypy", "ruff", "testcontainers", "pip-tools", "hatchling", *parts.SERVERS} == set()
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=[a-z])", parts.lock_for(chosen)))


def _needed(name: str, *, stop: set[str]) -> Iterator[str]:
    """Name every library below a package, as the installed packages say themselves."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(name)]
    while waiting:
        wanted = waiting.pop()
        key = (re.sub(r"[-_.]+", "-", wanted.name).lower(), frozenset(wanted.extras))
        if key in seen or key[0] in stop:
            continue
        seen.add(key)
        if not key[0].startswith("loyalty"):
            yield key[0]
        for text in distribution(wanted.name).requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)):
                waiting.append(needed)


def test_a_service_is_built_from_its_own_code_and_nobody_elses(parts: ModuleType):
    folders = {part: [str(folder.relative_to(ROOT)) for folder in parts.folders_of(part)] for part in ("accrual", "gateway", "loyalty")}
    assert folders["accrual"] == ["contracts", "shared", "services/accrual"]
    assert folders["gateway"] == ["contracts", "shared", "services/gateway"]
    assert folders["loyalty"][-1] == "loyalty"
    copied = re.findall(r"^COPY (\S+) ", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for folder in folders["loyalty"]:
        assert f"{folder}/pyproject.toml" in copied
        assert folder in copied or folder.split("/")[0] in copied
    with pytest.raises(SystemExit, match="none of accrual"):
        parts.folders_of("cash-desk")


def test_a_new_broker_gets_a_cluster_id_of_its_own_and_keeps_it(tmp_path: Path):
    tool = tmp_path / "home/bin/kafka-storage.sh"
    tool.parent.mkdir(parents=True)
    tool.write_text('#!/bin/sh\ntest "$1" = random-uuid && echo brand-new\n')
    tool.chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "KAFKA_HOME": str(tmp_path / "home"), "KAFKA_LOG_DIRS": str(tmp_path)}

    def chosen() -> str:
        start = ["bash", str(ROOT / "deploy/docker/kafka.sh"), "sh", "-c", 'echo "$CLUSTER_ID"']
        return subprocess.run(start, env=environment, check=True, capture_output=True, text=True).stdout.strip()

    assert chosen() == "brand-new"
    (tmp_path / "meta.properties").write_text("#\nversion=1\ncluster.id=kept-1\nnode.id=1\n")
    assert chosen() == "kept-1"
