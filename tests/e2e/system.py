"""The whole running system, as a shop, a customer and an auditor meet it: by Kafka, by the gateway, by the `loyalty` command."""

import asyncio
import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from contracts.envelope import Event, Record, encode
from shared import testing
from shared.kafka import Producer, read_topic

OK = 200
#: A whole system on a busy machine needs patience; a story that goes well never uses it up.
eventually = functools.partial(testing.eventually, deadline_seconds=90)
SCOPES = (
    "accounts:read",
    "members:read",
    "verdicts:read",
    "quotes:read",
    "guests:read",
    "identifiers:resolve",
    "programmes:read",
    "registrations:write",
    "events:write",
)


def command(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    """Run `loyalty` against a stack's folder."""
    environment = os.environ | {"LOYALTY_DATA": str(data)}
    program = [sys.executable, "-m", "loyalty", *arguments]
    return subprocess.run(program, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=240)


@dataclass
class System:
    """A running stack."""

    folder: Path
    client: httpx.AsyncClient
    producer: Producer
    bootstrap_servers: str
    verify_urls: dict[str, str]

    async def publish_programme(self, document: str) -> None:
        """Put a programme in force, as one person may on a machine of one's own."""
        token = command("token", "--scope", "programmes:write", data=self.folder).stdout.strip()
        headers = {"authorization": f"Bearer {token}", "content-type": "application/yaml"}
        accrual = json.loads((self.folder / "stack.json").read_text())["services"]["accrual"]["url"]
        async with httpx.AsyncClient(base_url=accrual, headers=headers, trust_env=False) as client:
            response = await client.post("/v1/programmes", content=document.encode())
        assert response.is_success, response.text

    async def publish(self, *events: Event[Any]) -> None:
        """Send events, in order per key, and wait for the broker's word."""
        await self.producer.publish([encode(event) for event in events])

    async def publish_records(self, records: Iterable[Record]) -> None:
        """Send records as they are, whatever they hold."""
        await self.producer.publish(list(records))

    async def verdict(self, source: str, event_id: str) -> dict[str, Any] | None:
        """Ask what became of an event; nothing while accrual has not met it."""
        response = await self.client.get("/v1/verdicts", params={"source": source, "event_id": event_id})
        return response.json() if response.status_code == OK else None

    async def verdicts(self, events: Iterable[Event[Any]]) -> list[str | None]:
        """Ask for all of them, at most ten at once."""
        gate = asyncio.Semaphore(10)

        async def one(event: Event[Any]) -> str | None:
            async with gate:
                found = await self.verdict(event.source, event.id)
                return found["verdict"] if found else None

        return list(await asyncio.gather(*map(one, events)))

    async def look_up(self, email: str) -> dict[str, Any]:
        """Find a person as a till does, by e-mail."""
        response = await self.client.post("/v1/members/look-up", json={"kind": "email", "value": email})
        assert response.status_code == OK, response.text
        found: dict[str, Any] = response.json()
        return found

    async def available(self, email: str) -> int:
        """Count the points that a person can use, unclaimed ones included."""
        accounts = (await self.look_up(email))["accounts"] or []
        return sum(account["balance"]["available"] for account in accounts)

    async def rewards(self, *holders: str) -> list[tuple[str, dict[str, Any]]]:
        """Read the reward events of some holders, as (type, body)."""
        found = []
        async for record in read_topic(self.bootstrap_servers, "loyalty.rewards.v1"):
            headers = dict(record.headers)
            if (record.key or b"").decode() in holders:
                found.append((headers["ce_type"].decode(), json.loads(record.value or b"null")))
        return found

    def verify(self) -> dict[str, Any]:
        """Let the auditor look at everything."""
        found = command("verify", "--json", data=self.folder)
        report: dict[str, Any] = json.loads(found.stdout.strip().splitlines()[-1]) | {"exit": found.returncode}
        return report

    def process_of(self, service: str) -> psutil.Process:
        """Find a service's process."""
        status = json.loads(command("status", "--json", data=self.folder).stdout)
        return psutil.Process(status["services"][service]["pid"])
