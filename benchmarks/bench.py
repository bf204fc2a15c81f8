"""`make bench`: measures the chain from a purchase in Kafka to its reward in Kafka against the goals, on this machine."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, time
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Annotated

import ceiling
import machine
import replay
import typer
import uvloop
from chain import Run, catch_up, check
from demo import seconds_to_first_grant
from figures import Figures
from ground import EVERYTHING, HERE, Ground, prepared, until_ready
from latency import TooSlow
from latency import measure as measure_latency
from plan import BACKLOG, STANDING, Part, Plan
from rewards import reading
from standing import standing
from upright import measure_standing

from contracts.envelope import Record
from loyalty.console import INTERRUPTED, Failure, note, out, progress, show_failure
from loyalty.stack.places import Places, default_folder
from loyalty.stack.signals import Stopped, until_stopped
from shared.clock import utc_now
from shared.kafka import Producer

BASE = "accrual_base"
CHUNK = 5000
LATENCY_PER_SECOND = 1000
HOT_SHARE = 0.1
#: Above this share of the machine in other hands a run is not to be quoted.
DISTURBED = 0.03
QUICK_PURCHASES, QUICK_LATENCY_SECONDS = 30_000, 5.0


Purchases = Annotated[int, typer.Option("--purchases", min=1000, metavar="N", help="How many purchases wait in the topic.")]
Runs = Annotated[int, typer.Option("--runs", min=1, metavar="N", help="How often they are worked off, each time from an empty database.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="The same seed makes the same purchases.")]
Processes = Annotated[
    list[str] | None,
    typer.Option("--process", metavar="ROLES", help="Roles of one process of the service; repeat it for several. One with all roles if none is given."),
]
Only = Annotated[
    list[Part] | None, typer.Option("--only", help="Measure this, and P1 where it is needed for it; repeat it for several. Everything if none is given.")
]
Quick = Annotated[bool, typer.Option("--quick", help="A minute: one small run, to see that everything works. No figure to quote.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the results go; results/<date>.json if not given, with --quick nowhere.")]


class Bench:
    """One benchmark on prepared ground."""

    def __init__(self, plan: Plan, ground: Ground, figures: Figures) -> None:
        self._plan, self._ground, self._figures = plan, ground, figures

    async def measure(self) -> None:
        """Measure everything that the plan says and that needs the ground."""
        plan, ground = self._plan, self._ground
        await ground.publish_programme(ground.database(BASE))
        backlog = plan.backlog()
        script = None
        if plan.ceiling_purchases:
            await self._publish(backlog, plan.ceiling_purchases, "Publishing what the ceiling is measured with")
            script = await self._record()
            self._figures.details["ceiling"] = script.as_json()
        if plan.purchases > plan.ceiling_purchases:
            await self._publish(backlog, plan.purchases - plan.ceiling_purchases, "Publishing the backlog")
        for number in range(1, plan.runs + 1):
            run = await self._run(number)
            if script is not None:
                with progress(f"Run {number} of {plan.runs}: the same statements alone"):
                    top = await ceiling.replay(ground, script, name=f"replay_{number}")
                self._figures.add("ceiling", top)
                self._figures.add("P2", run.per_second / top)

    async def measure_hot(self) -> None:
        """Work off a backlog of which one member made a good part, and compare."""
        plan, ground = self._plan, self._ground
        await ground.publish_programme(ground.database(BASE))
        await self._publish(plan.backlog(hot=HOT_SHARE), plan.purchases, "Publishing a backlog with one busy member")
        for number in range(1, plan.runs + 1):
            run = await self._caught_up(f"busy_{number}", f"One busy member, run {number} of {plan.runs}")
            self._figures.add("P4", run.per_second / median(self._figures.measured["P1"]))

    async def _publish(self, records: Iterator[Record], count: int, title: str) -> None:
        producer = Producer(self._ground.address, name="bench")
        try:
            with progress(title, total=count, unit="purchases") as advance:
                for done in range(0, count, CHUNK):
                    await producer.publish(list(islice(records, min(CHUNK, count - done))))
                    advance(min(done + CHUNK, count))
        finally:
            await producer.close()

    async def _record(self) -> ceiling.Script:
        """Let the service work off what is there with notes taken of every statement."""
        ground, count = self._ground, self._plan.ceiling_purchases
        file = ground.places.folder / "statements.pickle"
        ceiling.prepare(ground, BASE)
        urls = ground.database("recorded", template=ceiling.TEMPLATE)
        with progress("Noting the statements", total=count, unit="purchases") as advance:
            async with reading(ground.address) as reader:
                with ground.running(urls, recorder=ceiling.recorder_command(file)) as processes:
                    await catch_up(ground, urls, processes, reader, purchases=count, advance=advance)
            script = ceiling.read(file, urls, purchases=count)
        file.unlink()
        return script

    async def _run(self, number: int) -> Run:
        """Work off the backlog once, from an empty database, and check every invariant."""
        plan, figures = self._plan, self._figures
        last = number == plan.runs and Part.LATENCY in plan.parts
        run = await self._caught_up(f"run_{number}", f"Run {number} of {plan.runs}", then=self._latency if last else None)
        figures.add("P1", run.per_second)
        figures.add("P1 from start", run.per_second_from_start)
        figures.add("P12", run.audit_seconds_per_million)
        figures.details.setdefault("runs", []).append(run.as_json())
        return run

    async def _caught_up(self, name: str, title: str, *, then: Callable[[], Awaitable[None]] | None = None) -> Run:
        plan, ground = self._plan, self._ground
        urls = ground.database(name, template=BASE)
        async with reading(ground.address) as reader:
            with ground.running(urls, roles=plan.processes) as processes:
                with progress(f"{title}: working off the backlog", total=plan.purchases, unit="purchases") as advance:
                    run = await catch_up(ground, urls, processes, reader, purchases=plan.purchases, advance=advance)
                if then is not None:
                    await until_ready(processes[0])
                    await then()
        note(f"{title}: {run.per_second:,.0f} purchases/s; {run.per_second_from_start:,.0f}/s from the start of the process; CPU {run.cpu_text()}")
        if run.disturbance > DISTURBED:
            note(f"{title}: something else used {run.disturbance:.0%} of the machine meanwhile. The figures are lower than they should be.")
        with progress(f"{title}: checking every invariant"):
            entries, seconds = await check(urls)
        return replace(run, entries=entries, audit_seconds=seconds)

    async def _latency(self) -> None:
        plan = self._plan
        try:
            with progress(f"Latency at {LATENCY_PER_SECOND:,}/s", unit="purchases") as advance:
                found = await measure_latency(
                    self._ground.address, per_second=LATENCY_PER_SECOND, seconds=plan.latency_seconds, holders=plan.holders, seed=plan.seed, advance=advance
                )
        except TooSlow as failure:
            note(f"No latency: {failure}")
            return
        self._figures.add("P3 p50", found.milliseconds(0.5))
        self._figures.add("P3 p99", found.milliseconds(0.99))
        self._figures.details["latency"] = found.as_json()


async def measure(plan: Plan, places: Places) -> Figures:
    """Measure everything, from no server to no server."""
    async with prepared(places) as ground:
        figures = Figures(parameters={**asdict(plan), "parts": sorted(plan.parts)}, machine=machine.describe(ground))
        if plan.parts & BACKLOG:
            await Bench(plan, ground, figures).measure()
    if Part.HOT in plan.parts:
        async with prepared(places) as ground:
            await Bench(plan, ground, figures).measure_hot()
    if plan.parts & STANDING:
        async with standing(Places(places.folder / "standing")) as here:
            await measure_standing(plan, here, figures)
    if Part.REPLAY in plan.parts:
        for _ in range(plan.runs):
            found = replay.measure(purchases=plan.purchases, holders=plan.holders, seed=plan.seed, folder=places.folder)
            figures.add("P10", found.replay)
            figures.add("P10 with reading", found.with_reading)
    if Part.DEMO in plan.parts:
        with progress("Timing `loyalty demo`"):
            seconds = await seconds_to_first_grant(Places(places.folder / "demo"))
        figures.add("P14", seconds)
    return figures


def bench(
    *,
    purchases: Purchases = 100_000,
    runs: Runs = 3,
    seed: Seed = 1,
    process: Processes = None,
    only: Only = None,
    quick: Quick = False,
    output: Out = None,
) -> None:
    """Measure the chain from a purchase in Kafka to its reward in Kafka on this machine, and compare with the goals.

    Starts its own servers with durable settings, needs about ten minutes, and leaves nothing but the results.

    Examples:
      make bench
      .venv/bin/python benchmarks/bench.py --purchases 300000
      .venv/bin/python benchmarks/bench.py --quick
      .venv/bin/python benchmarks/bench.py --only P1 --process consumer,api,schedule --process relay
    """
    midnight = datetime.combine(utc_now().date(), time(), UTC)
    plan = Plan(purchases=purchases, runs=runs, seed=seed, processes=tuple(process or EVERYTHING), parts=frozenset(only or Part), until=midnight)
    if quick:
        plan = replace(plan, purchases=QUICK_PURCHASES, runs=1, latency_seconds=QUICK_LATENCY_SECONDS, parts=plan.parts - {Part.DEMO, Part.HOT, Part.RECOVERY})
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it tries again is no news, and what fails is raised
    try:
        figures = uvloop.run(until_stopped(measure(plan, Places(default_folder() / "bench"))))
    except Stopped:
        note("Stopped before the end; nothing is left running.")
        raise typer.Exit(INTERRUPTED) from None
    except Failure as failure:
        show_failure(failure)
        raise typer.Exit(failure.code) from failure
    file = output or (None if quick else HERE / "results" / f"{utc_now():%Y-%m-%d-%H%M}.json")
    out.print(figures.table())
    if file is not None:
        figures.write(file)
        note(f"Everything is in {file}.")


if __name__ == "__main__":
    typer.run(bench)
