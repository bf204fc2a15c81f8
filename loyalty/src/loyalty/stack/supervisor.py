"""Keeps the services of a stack alive, and the state file true."""

import asyncio
from collections.abc import Mapping

import httpx

from loyalty.console import Failure
from loyalty.stack import state
from loyalty.stack.children import Condition, keep_alive
from loyalty.stack.guardian import Guardian
from loyalty.stack.places import Places
from loyalty.stack.programs import Plan

READY_SECONDS = 90.0
POLL_SECONDS = 0.05
LOG_LINES = 15


class Supervisor:
    """Starts the services, watches them, and stops them in order."""

    def __init__(self, plans: Mapping[str, Plan], places: Places, *, first: state.State, guardian: Guardian) -> None:
        self._plans, self._places, self._guardian = plans, places, guardian
        self._tasks: list[asyncio.Task[None]] = []
        services = {name: state.Service(name=name, url=plan.url, log=str(plan.program.log)) for name, plan in plans.items()}
        self.state = first.model_copy(update={"services": services})

    def start(self) -> None:
        """Start every service."""
        self.note()
        self._tasks = [asyncio.create_task(keep_alive(plan.program, changed=self._changed)) for plan in self._plans.values()]

    async def stop(self) -> None:
        """Stop every service, all at once: each drains by itself."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def note(self, **changes: object) -> None:
        """Write the state file, with these changes."""
        self.state = self.state.model_copy(update=changes)
        state.write(self._places, self.state)

    async def until_ready(self) -> None:
        """Wait until every service says that it is ready. Fails with the end of its log if one cannot start."""
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            await asyncio.gather(*(self._until_ready(name, client) for name in self._plans))

    async def _until_ready(self, name: str, client: httpx.AsyncClient) -> None:
        now = asyncio.get_running_loop().time
        deadline = now() + READY_SECONDS
        while not await _is_ready(client, self._plans[name].url):
            service = self.state.services[name]
            if service.failed or service.restarts > 1 or now() > deadline:
                log = self._plans[name].program.log
                raise Failure(
                    f"{name} did not start. The end of {log}:\n{tail(log.read_text(errors='replace'))}", advice="Mend that, then run the command again."
                )
            await asyncio.sleep(POLL_SECONDS)

    def _changed(self, condition: Condition) -> None:
        if condition.pid is not None:
            self._guardian.entrust(condition.pid)
        service = self.state.services[condition.name]
        changed = service.model_copy(update={"pid": condition.pid, "restarts": condition.restarts, "failed": condition.failed})
        self.note(services={**self.state.services, condition.name: changed})


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/health/ready")).is_success
    except httpx.HTTPError:
        return False


def tail(text: str) -> str:
    """Give the last lines of a log."""
    return "\n".join(text.splitlines()[-LOG_LINES:])
