"""Runs a stack from its first process to its last."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from contracts.cards import load_cards
from loyalty.stack import state
from loyalty.stack.ground import Hands, Laid, Say, lay
from loyalty.stack.guardian import Guardian
from loyalty.stack.places import Places, project_root
from loyalty.stack.programmes import publish_all
from loyalty.stack.programs import AUDIENCE, plans
from loyalty.stack.supervisor import Supervisor
from shared.clock import utc_now
from shared.kafka import create_topics
from shared.local import BrokerKind


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen about a stack."""

    places: Places
    broker: BrokerKind | None = None
    gateway_port: int | None = None
    programmes: tuple[Path, ...] | None = None
    given_servers: bool = True

    @property
    def documents(self) -> list[Path]:
        """List the programme documents to publish: those named, or all of the project."""
        return list(self.programmes) if self.programmes is not None else sorted((project_root() / "programmes").glob("*.yaml"))


@asynccontextmanager
async def stack(options: Options, *, say: Say) -> AsyncIterator[Supervisor]:
    """Run a whole stack; when the block is left, however, everything stops: services first, then broker and PostgreSQL.

    Call it in the main thread: the servers are told to die with it.
    """
    places = options.places
    async with AsyncExitStack() as cleanup:
        cleanup.enter_context(state.alone(places))
        places.logs.mkdir(parents=True, exist_ok=True)
        guardian = Guardian()
        cleanup.callback(guardian.dismiss)
        servers = cleanup.enter_context(ExitStack())
        laid = lay(places, broker=options.broker, given=os.environ if options.given_servers else {}, hands=Hands(guardian, servers, say))
        await create_topics(laid.ground.bootstrap_servers, load_cards())
        planned = plans(laid.ground, places, gateway_port=options.gateway_port)
        supervisor = Supervisor(planned, places, first=_first_state(laid), guardian=guardian)
        cleanup.callback(lambda: places.state.unlink(missing_ok=True))
        cleanup.push_async_callback(supervisor.stop)
        say(f"Services: starting {', '.join(supervisor.state.services)} …")
        supervisor.start()
        await supervisor.until_ready()
        published = await publish_all(options.documents, places=places, url=supervisor.state.services["accrual"].url)
        supervisor.note(ready=True, programmes=tuple(published))
        yield supervisor


def _first_state(laid: Laid) -> state.State:
    me = psutil.Process()
    return state.State(
        pid=me.pid,
        created=me.create_time(),
        started_at=utc_now(),
        broker=laid.broker,
        database=laid.database,
        verify_urls={name: urls.verify for name, urls in laid.ground.databases.items()},
        audience=AUDIENCE,
    )
