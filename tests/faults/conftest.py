"""One system for all faults, on servers of its own: these may be killed."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from e2e.builders import Cast
from e2e.system import SCOPES, System
from faults.place import Place, Servers, loyalty
from loyalty.stack.keys import token_for
from loyalty.stack.places import Places
from shared.clock import utc_now
from shared.ids import random_id
from shared.kafka import Producer
from shared.local import start_broker, start_postgres
from shared.local.keys import LocalKeys

HERE = Path(__file__).parent
#: What took how long, to be read and not to be judged.
TOOK = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print how long everything took to go on."""
    for line in config.stash.get(TOOK, []):
        terminalreporter.write_line(f"faults: {line}")


@pytest.fixture(scope="package")
async def place(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """Start broker, PostgreSQL and, on them, a stack with the faults' programme; stop it all without a trace."""
    top = tmp_path_factory.mktemp("faults")
    top.parent.chmod(0o755)
    top.chmod(0o711)
    folder = top / "stack"
    async with AsyncExitStack() as ending:
        ending.callback(shutil.rmtree, top, ignore_errors=True)
        servers = Servers(start_broker(top / "broker"), start_postgres(top / "postgres", durable=False))
        ending.callback(servers.remove)
        ending.callback(loyalty, "down", data=folder)
        loyalty("up", "--detach", data=folder, KAFKA_BOOTSTRAP_SERVERS=servers.broker.bootstrap_servers, DATABASE_URL=servers.postgres.url)
        state = json.loads((folder / "stack.json").read_text())
        token = token_for(Places(folder), scopes=(*SCOPES, "programmes:write"), audience=state["audience"])
        headers = {"authorization": f"Bearer {token}"}
        producer = Producer(servers.broker.bootstrap_servers, name="faults")
        ending.push_async_callback(producer.close)
        client = httpx.AsyncClient(base_url=state["services"]["gateway"]["url"], headers=headers, trust_env=False, timeout=30)
        await ending.enter_async_context(client)
        await _publish_programme(client, state["services"]["accrual"]["url"])
        system = System(folder, client, producer, servers.broker.bootstrap_servers, state["verify_urls"])
        found = Place(system, servers, say=request.config.stash.setdefault(TOOK, []).append)
        ending.push_async_callback(found.close)
        yield found


async def _publish_programme(client: httpx.AsyncClient, accrual: str) -> None:
    content, headers = (HERE / "programme.yaml").read_bytes(), {"content-type": "application/yaml"}
    response = await client.post(f"{accrual}/v1/programmes", content=content, headers=headers)
    assert response.is_success, response.text


@pytest.fixture(autouse=True)
async def _whatever_happened_the_books_are_right(place: Place) -> AsyncIterator[None]:
    """After each fault."""
    yield
    await place.check()


@pytest.fixture
def cast(place: Place) -> Cast:
    """Give the story people and receipts of its own."""
    return Cast(token=random_id().hex[:12], keys=LocalKeys(place.system.folder / "keys"), now=utc_now())
