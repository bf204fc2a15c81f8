"""One system for all stories: started as a user starts it, with the broker and the database that this machine has."""

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from e2e.builders import Cast
from e2e.system import SCOPES, System, command
from shared.clock import utc_now
from shared.ids import random_id
from shared.kafka import Producer
from shared.local.keys import LocalKeys

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """Start a stack with the stories' programme, and stop it without a trace."""
    folder = tmp_path_factory.mktemp("stack")
    folder.parent.chmod(0o755)
    started = command("up", "--detach", data=folder)
    assert started.returncode == 0, started.stdout + started.stderr
    state = json.loads((folder / "stack.json").read_text())
    token = command("token", *(f"--scope={scope}" for scope in SCOPES), data=folder).stdout.strip()
    producer = Producer(state["broker"]["bootstrap_servers"], name="e2e")
    gateway = state["services"]["gateway"]["url"]
    try:
        async with httpx.AsyncClient(base_url=gateway, headers={"authorization": f"Bearer {token}"}, trust_env=False, timeout=30) as client:
            started_system = System(folder, client, producer, state["broker"]["bootstrap_servers"], state["verify_urls"])
            await started_system.publish_programme((HERE / "programme.yaml").read_text())
            yield started_system
    finally:
        await producer.close()
        command("down", data=folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", autouse=True)
def _the_audit_stays_clean(system: System) -> Iterator[None]:
    """Whatever the stories of a module did, every invariant holds after them."""
    yield
    report = system.verify()
    assert (report["exit"], report["violations"]) == (0, 0), report["first"]


@pytest.fixture
def cast(system: System) -> Cast:
    """Give the story people and receipts of its own."""
    return Cast(token=random_id().hex[:12], keys=LocalKeys(system.folder / "keys"), now=utc_now())
