"""The gateway as a process: what schemathesis finds between it and its document."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import orjson
import pytest

from gateway.api import examples
from gateway.app import openapi_text
from shared.local.keys import LocalKeys
from shared.testing import eventually

from .builders import Owner, operations

#: All that any operation demands, so that none is met at its door only.
SCOPES = sorted({scope for operation in operations(orjson.loads(openapi_text())) for scope in operation.scopes} - {"public"})
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,missing_required_header,ignored_auth"


#: Nobody listens there: a broker that is away must hinder nothing but events.
AWAY = "127.0.0.1:1"


@pytest.fixture
def process(request: pytest.FixtureRequest, topics: str, keys: LocalKeys, accrual: Owner, members: Owner, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "ENV": "local",
        "HTTP_PORT": str(port),
        "ACCRUAL_URL": accrual.url,
        "MEMBERS_URL": members.url,
        "KAFKA_BOOTSTRAP_SERVERS": getattr(request, "param", topics),
        "GATEWAY_QUERY_SECONDS": "10",
        "AUTH_AUDIENCE": "loyalty",
        "AUTH_PUBLIC_KEY_FILE": str(keys.jwt_public),
        "AUTH_PRIVATE_KEY_FILE": str(keys.jwt_private),
    }
    log = tmp_path / "gateway.log"
    with log.open("wb") as output, subprocess.Popen([sys.executable, "-m", "gateway"], env=environment, stdout=output, stderr=output) as running:
        yield f"http://127.0.0.1:{port}", log
        running.terminate()
        assert running.wait(20) == 0, log.read_text()


async def ready(url: str) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"{url}/health/ready")).status_code == 200
        except httpx.TransportError:
            return False


async def test_whatever_is_sent_the_answer_is_a_documented_one(process: tuple[str, Path], token: Callable[..., str], tmp_path: Path):
    url, log = process
    await eventually(lambda: ready(url), 30)
    authorization = f"Authorization: Bearer {token(*SCOPES, subject=examples.ANA)}"
    command = [Path(sys.executable).with_name("schemathesis"), "run", f"{url}/v1/openapi.json", "-H", authorization, "--checks", CHECKS]
    limits = ["--max-examples", "10", "--phases", "examples,fuzzing", "--seed", "7", "--no-color"]
    running = await asyncio.create_subprocess_exec(*command, *limits, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    async with asyncio.timeout(240):
        output, _ = await running.communicate()
    assert running.returncode == 0, output.decode()[-8000:]
    assert "request failed" not in log.read_text()


@pytest.mark.parametrize("process", [AWAY], indirect=True)
async def test_the_gateway_counts_and_logs_and_names_nobody(process: tuple[str, Path], token: Callable[..., str]):
    url, log = process
    await eventually(lambda: ready(url), 30)
    async with httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {token(*SCOPES)}"}) as client:
        await client.post("/v1/members/look-up", json={"kind": "phone", "value": "+79160001122"})
        await client.get(f"/v1/members/{examples.ANA}/balance")
        refused = await client.post("/v1/events", content=orjson.dumps(examples.EVENT), headers={"content-type": "application/cloudevents+json"})
        metrics = (await client.get("/metrics")).text
    assert (refused.status_code, refused.json()["code"]) == (503, "broker-unavailable")
    assert await ready(url)
    assert 'loyalty_gateway_events_total{result="unconfirmed"} 1.0' in metrics
    assert 'loyalty_gateway_asked_total{asked="accrual",result="answered"} 2.0' in metrics
    assert 'loyalty_gateway_asked_total{asked="members",result="late"} 0.0' in metrics
    assert 'route="/v1/members/{member_id}/balance",status="200"} 1.0' in metrics
    for secret in ("9160001122", examples.ANA, "eyJ"):
        assert secret not in log.read_text() + metrics
