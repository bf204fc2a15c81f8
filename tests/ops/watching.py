"""A running system with a real Prometheus beside it, which has the shipped rules, unchanged."""

import asyncio
import functools
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import psutil
import yaml

from e2e.system import command
from ops.tools import ROOT
from shared import testing
from shared.kafka import Producer
from shared.local import start_postgres
from shared.local.ports import HOST, free_ports

#: An alert's own wait, two minutes, and the patience that a machine of two cores needs.
eventually = functools.partial(testing.eventually, deadline_seconds=300)


@dataclass
class Watched:
    """The system, and who watches it."""

    folder: Path
    producer: Producer
    urls: dict[str, str]
    prometheus: str

    async def alerts(self, state: str = "firing") -> set[tuple[str, str]]:
        """Ask Prometheus which alerts fire: name and service."""
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            answer = (await client.get(f"{self.prometheus}/api/v1/alerts")).raise_for_status().json()
        return {(alert["labels"]["alertname"], alert["labels"]["service"]) for alert in answer["data"]["alerts"] if alert["state"] == state}

    async def alive(self, service: str) -> bool:
        """Ask a process whether it is alive."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            return (await client.get(f"{self.urls[service]}/health/live")).is_success

    def command(self, *arguments: str) -> str:
        """Run `loyalty`, and return what it says."""
        done = command(*arguments, data=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def process_of(self, service: str) -> psutil.Process:
        """Find a service's process."""
        return psutil.Process(json.loads(self.command("status", "--json"))["services"][service]["pid"])

    @asynccontextmanager
    async def superuser(self, database: str) -> AsyncIterator[asyncpg.Connection]:
        """Be the one whom nothing in a service's database refuses."""
        given = os.environ.get("DATABASE_URL")
        url = urlunsplit(urlsplit(given)._replace(path=f"/{database}")) if given else start_postgres(self.folder / "postgres").database_url(database)
        connection = await asyncpg.connect(url)
        try:
            yield connection
        finally:
            connection.terminate()


@asynccontextmanager
async def watched(folder: Path, programs: Path) -> AsyncIterator[Watched]:
    """Start the system and Prometheus; stop both without a trace."""
    folder.parent.chmod(0o755)
    started = await asyncio.to_thread(command, "up", "--detach", data=folder)
    assert started.returncode == 0, started.stdout + started.stderr
    state = json.loads((folder / "stack.json").read_text())
    urls = {name: service["url"] for name, service in state["services"].items()}
    producer = Producer(state["broker"]["bootstrap_servers"], name="ops")
    try:
        with _prometheus(programs / "prometheus", folder / "prometheus", urls) as address:
            yield Watched(folder, producer, urls, address)
    finally:
        await producer.close()
        command("down", data=folder)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _prometheus(program: Path, folder: Path, urls: dict[str, str]) -> Iterator[str]:
    """Run Prometheus on loopback. Only where the targets are and how often it looks is ours; the rules are the shipped ones."""
    folder.mkdir()
    targets = [{"targets": [urlsplit(url).netloc], "labels": {"service": name}} for name, url in urls.items()]
    (folder / "prometheus.yml").write_text(
        yaml.safe_dump(
            {
                "global": {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "2s"},
                "rule_files": [str(ROOT / "deploy/observability/rules/*.yml")],
                "scrape_configs": [{"job_name": "loyalty", "static_configs": targets}],
            }
        )
    )
    (port,) = free_ports(None)
    arguments = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={HOST}:{port}", "--log.level=warn"]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([program, *arguments], stdout=log, stderr=subprocess.STDOUT)
        try:
            yield f"http://{HOST}:{port}"
        finally:
            running.terminate()
            running.wait(20)
