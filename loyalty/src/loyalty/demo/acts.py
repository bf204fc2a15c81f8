"""Plays the story: five acts, each published, and awaited until every event has its verdict."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from contracts.envelope import Record
from loyalty.console import Advance, Failure, progress
from loyalty.demo.edges import NEGATIVE
from loyalty.demo.rewards import TOPIC as REWARDS
from loyalty.demo.rewards import Rewards
from loyalty.demo.story import Story
from loyalty.demo.watch import Watch
from loyalty.operators import Operator
from loyalty.publish.pace import Pace
from loyalty.publish.run import Send
from shared.kafka import read_topic

PURCHASES, REGISTRATIONS, ACTIVITIES, MEMBERS = (f"loyalty.{noun}.v1" for noun in ("purchases", "registrations", "activities", "members"))
#: Well below what the platform takes, so that the latency is that of a normal day and not of a queue.
LIVE_PURCHASES_A_SECOND = 100.0
POLL_SECONDS = 0.05
#: The services are given up when nothing moves for so long.
PATIENCE_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Stage:
    """What the story is played on."""

    send: Send
    watch: Watch
    rewards: Rewards
    bootstrap_servers: str
    operator: Operator  #: of accrual


@dataclass(frozen=True, slots=True)
class Played:
    """What was measured."""

    events_per_second: float
    seconds_catching_up: float
    redriven: int


async def play(story: Story, stage: Stage) -> Played:
    """Publish all acts in turn. Fails if the services stand still."""
    await _register("Registrations before the first purchase", story.early, len(story.early), stage)
    seconds = await _catch_up(story, stage)
    await _register("The registration week: guests bring in what waited", story.late, len(story.early) + len(story.late), stage)
    await _subscribe(story, stage)
    await _settle("Old points become usable, or expire", stage)  # and then a normal day can begin
    await _live(story, stage)
    redriven = await _repair(story, stage)
    await _settle("The last rewards go out", stage)
    return Played(events_per_second=len(story.past) / seconds, seconds_catching_up=seconds, redriven=redriven)


async def _register(title: str, records: Sequence[Record], total: int, stage: Stage) -> None:
    """Register people, and wait until accrual knows whose each identifier is."""
    watch = stage.watch
    with progress(title, total=len(records)) as advance:
        await _send(records, stage)
        await _reach(total, lambda: watch.decided("members", REGISTRATIONS), stalled="members", advance=_after(advance, total - len(records)))
    await _reach(0, lambda: _negative(watch.unsent("members")), stalled="members' relay")
    said = sum([1 async for _ in read_topic(stage.bootstrap_servers, MEMBERS)])
    await _reach(said, lambda: watch.decided("accrual", MEMBERS), stalled="accrual")


async def _catch_up(story: Story, stage: Stage) -> float:
    """Publish a year and a half of purchases as fast as it goes, and say how long that took until the last verdict."""
    now = asyncio.get_running_loop().time
    began = now()
    with progress("A year and a half of purchases", total=len(story.past)) as advance:
        sending = asyncio.create_task(_send(story.past, stage))
        try:
            await _reach(len(story.past), lambda: stage.watch.decided("accrual", PURCHASES), stalled="accrual", advance=advance, sending=sending)
        finally:
            sending.cancel()
    return now() - began


async def _subscribe(story: Story, stage: Stage) -> None:
    await _send(story.newsletter, stage)
    await _reach(len(story.newsletter), lambda: stage.watch.decided("accrual", ACTIVITIES), stalled="accrual")


async def _live(story: Story, stage: Stage) -> None:
    """Publish the last weeks at a steady pace, noting when each purchase was sent."""
    before, after = len(story.past), story.purchase_events - len(story.mended)
    with progress(f"The last seven weeks, live: {LIVE_PURCHASES_A_SECOND:.0f} purchases a second", total=len(story.recent)) as advance:
        pace = Pace(LIVE_PURCHASES_A_SECOND)
        for start in range(0, len(story.recent), pace.chunk):
            chunk = story.recent[start : start + pace.chunk]
            await pace.wait(len(chunk))
            stage.rewards.note_sent(chunk)
            await stage.send(chunk)
            advance(start + len(chunk))
        await _reach(after, lambda: stage.watch.decided("accrual", PURCHASES), stalled="accrual", advance=_after(advance, before))


async def _repair(story: Story, stage: Stage) -> int:
    """Mend what died: the till sends its purchase right, one record is sent again in vain, and one that nobody can mend is discarded."""
    letters = (await stage.operator.get("/v1/dead-letters", state="waiting"))["items"]
    keys = {letter["id"]: letter["key"] for letter in letters}
    hopeless = [letter["key"] for letter in letters if letter["code"] == "no-envelope"]
    with progress("Dead letters: one is mended by its till, one redriven in vain, one discarded"):
        await _send(story.mended, stage)
        redriven: int = (await stage.operator.post("/v1/dead-letters/redrive", {"keys": [keys[NEGATIVE]]}))["count"]
        await stage.operator.post("/v1/dead-letters/discard", {"keys": hopeless})
        await _reach(story.purchase_events + redriven, lambda: stage.watch.decided("accrual", PURCHASES), stalled="accrual")
    return redriven


async def _settle(title: str, stage: Stage) -> None:
    """Wait until points whose day has come became usable or expired, and everybody has heard everything."""
    with progress(title):
        await _reach(0, lambda: _negative(stage.watch.due()), stalled="accrual's schedule")
        await _reach(0, lambda: _negative(stage.watch.unsent("accrual")), stalled="accrual's relay")
        await _reach(stage.rewards.heard, lambda: stage.watch.decided("members", REWARDS), stalled="members")


async def _send(records: Sequence[Record], stage: Stage) -> None:
    chunk = Pace(None).chunk
    for start in range(0, len(records), chunk):
        await stage.send(records[start : start + chunk])


async def _reach(
    target: int,
    probe: Callable[[], Awaitable[int]],
    *,
    stalled: str,
    advance: Advance | None = None,
    sending: asyncio.Task[None] | None = None,
) -> None:
    """Wait until the count is there. Fails when it stands still, naming who is to blame, or when sending failed."""
    now = asyncio.get_running_loop().time
    best, moved_at = None, now()
    while (count := await probe()) < target:
        if sending is not None and sending.done():
            await sending
        if best is None or count > best:
            best, moved_at = count, now()
        elif now() - moved_at > PATIENCE_SECONDS:
            raise Failure(f"Nothing moved for {PATIENCE_SECONDS:.0f} s: {stalled} stands at {count:,} of {target:,}.", advice="Its log says why.")
        if advance:
            advance(count)
        await asyncio.sleep(POLL_SECONDS)
    if advance:
        advance(target)


async def _negative(count: Awaitable[int]) -> int:
    return -await count


def _after(advance: Advance, before: int) -> Advance:
    """Count from what was there before."""

    def counted(done: int, *, total: int | None = None) -> None:
        advance(max(0, done - before), total=total)

    return counted
