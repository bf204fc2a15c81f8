"""The demo from its first process to its last."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import psutil

from loyalty.broker import producing
from loyalty.console import COULD_NOT, Failure, note, progress
from loyalty.demo.acts import Stage, play
from loyalty.demo.cdnow import first_customers, read_sales, weeks_to_last_week
from loyalty.demo.desk import Desk
from loyalty.demo.example import Example, find_example
from loyalty.demo.people import SHOP_ZONE
from loyalty.demo.rewards import listening
from loyalty.demo.story import Story, World, tell
from loyalty.demo.summary import Summary, summarise
from loyalty.demo.watch import watching
from loyalty.member.gateway import SCOPES, Gateway
from loyalty.operators import operators
from loyalty.stack import state
from loyalty.stack.keys import Hasher, token_for
from loyalty.stack.places import Places, project_root
from loyalty.stack.programs import CARD_PREFIX
from loyalty.stack.run import Options, stack
from loyalty.stack.supervisor import Supervisor
from loyalty.verify.audit import audit, chosen, offered
from shared.clock import utc_now
from shared.local import BrokerKind, LocalPostgres
from shared.local.keys import LocalKeys, make_keys
from shared.local.processes import Served

PROGRAMME = "cdnow-records"
GIVEN = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL")


@dataclass(frozen=True, slots=True)
class Ended:
    """What there is to show while the stack still runs."""

    summary: Summary
    example: Example | None
    state: state.State


async def run_demo(places: Places, *, broker: BrokerKind | None, limit: int | None, then: Callable[[Ended], Awaitable[None]]) -> None:
    """Start everything, play the story, audit, hand over what was found, and stop everything when `then` returns."""
    make_room(places)
    for name in GIVEN:
        if os.environ.get(name):
            note(f"{name} is set; the demo leaves that server alone and brings its own.")
    keys = make_keys(places.keys)
    began = asyncio.get_running_loop().time() - (utc_now().timestamp() - psutil.Process().create_time())
    async with AsyncExitStack() as opened:
        writer = opened.enter_context(ThreadPoolExecutor(max_workers=1))
        told = writer.submit(_tell, keys, limit)  # sealing registrations takes seconds; meanwhile the servers start
        document = project_root() / "programmes" / f"{PROGRAMME}.yaml"
        supervisor = await opened.enter_async_context(stack(Options(places, broker=broker, programmes=(document,), given_servers=False), say=note))
        with progress("Making the events"):
            story = await asyncio.wrap_future(told)
        await then(await _perform(story, supervisor, places, began=began))


async def _perform(story: Story, supervisor: Supervisor, places: Places, *, began: float) -> Ended:
    address = supervisor.state.broker.bootstrap_servers
    async with (
        producing(address) as send,
        listening(address) as rewards,
        watching(supervisor.state.verify_urls) as watch,
        operators(None, "accrual", None, places.folder) as (operator,),
    ):
        played = await play(story, Stage(send, watch, rewards, address, operator))
        urls = supervisor.state.verify_urls
        with progress("Checking every invariant"):
            findings = [found async for found in audit(chosen(offered(), services=urls, invariant=None), urls=urls, exhaustive=False)]
        summary = await summarise(story, played, watch=watch, rewards=rewards, began=began, broker=supervisor.state.broker.kind, findings=findings)
    token = token_for(places, scopes=SCOPES, audience=supervisor.state.audience)
    with Gateway(supervisor.state.services["gateway"].url, token) as gateway:
        example = await asyncio.to_thread(find_example, story, gateway)
    return Ended(summary, example, supervisor.state)


def make_room(places: Places) -> None:
    """Forget the last demo, so that its data never passes for this one's. Fails if one runs, or if the folder is somebody's."""
    running = state.owner(places)
    if running is not None:
        raise Failure(f"A demo runs already (process {running.pid}).", advice=f"`loyalty down --data {places.folder}` stops it.", code=COULD_NOT)
    if places.folder.exists() and any(places.folder.iterdir()) and not places.lock.exists():
        advice = "The demo empties its folder at the start; name a new one, or none."
        raise Failure(f"{places.folder} holds something that is no demo's.", advice=advice, code=COULD_NOT)
    # PostgreSQL may have put its data elsewhere, where its own user can reach them; it knows how to forget that.
    nobody = Served(pid=os.getpid(), created=0.0, ports=(), kind="PostgreSQL")
    LocalPostgres(places.postgres, nobody, password="").remove()
    shutil.rmtree(places.folder, ignore_errors=True)
    places.folder.mkdir(parents=True)
    places.lock.touch()


def _tell(keys: LocalKeys, limit: int | None) -> Story:
    sales = first_customers(read_sales(), limit)
    today = utc_now().astimezone(ZoneInfo(SHOP_ZONE)).date()
    hasher = Hasher(keys.folder)
    desk = Desk.of(keys, programme=PROGRAMME, holder_of=hasher.holder_of)
    return tell(sales, World(PROGRAMME, CARD_PREFIX, hasher.holder_of, desk.register, weeks_to_last_week(sales, today=today)))
