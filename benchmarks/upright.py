"""What is measured on the whole stack: memory, balances, quotes, holds, and how soon a killed part is back."""

from collections.abc import Awaitable, Callable
from functools import partial

import balances
import holds
import memory
import quotes
import recovery
from figures import Figures
from latency import TooSlow
from pace import Answers
from plan import Part, Plan
from standing import Standing

from loyalty.console import note, progress

BALANCES_PER_SECOND, QUOTES_PER_SECOND, PAIRS_PER_SECOND, STANDING_PURCHASES = 500, 200, 300, 20_000


async def measure_standing(plan: Plan, here: Standing, figures: Figures) -> None:
    """Measure everything that the plan says of a stack that stands and has no data yet."""
    if Part.MEMORY in plan.parts:
        with progress("Memory of idle services"):
            held = await memory.measure(here)
        figures.add("P16", max(held.values()))
        figures.details["memory_mib"] = held
    with progress("Giving members something to ask about"):
        await here.fill(purchases=STANDING_PURCHASES, seed=plan.seed)
    if Part.BALANCES in plan.parts:
        await _timed(plan, figures, "P6", "balances", BALANCES_PER_SECOND, partial(balances.measure, here))
    if Part.QUOTES in plan.parts:
        await _timed(plan, figures, "P7", "quotes", QUOTES_PER_SECOND, partial(quotes.measure, here, seed=plan.seed))
    if Part.HOLDS in plan.parts:
        await _timed(plan, figures, "P8", "pairs", PAIRS_PER_SECOND, partial(holds.measure, here))
    if Part.RECOVERY in plan.parts:
        with progress("Killing each process once"):
            back = await recovery.measure(here)
        figures.add("P15 service", max(back["accrual"], back["members"], back["gateway"]))
        figures.add("P15 server", max(back["kafka"], back["postgresql"]))
        figures.details["recovery_seconds"] = back


async def _timed(plan: Plan, figures: Figures, id_: str, what: str, per_second: int, measuring: Callable[..., Awaitable[Answers]]) -> None:
    """Note how long answers took, or in words that this machine does not keep the pace."""
    try:
        with progress(f"{what.capitalize()} at {per_second:,}/s", unit=what) as advance:
            asked = await measuring(per_second=per_second, seconds=plan.latency_seconds, advance=advance)
    except TooSlow as failure:
        note(f"No {what}: {failure}")
        figures.details[what] = {"per_second": per_second, "not_measured": str(failure)}
        return
    figures.add(f"{id_} p50", asked.milliseconds(0.5))
    figures.add(f"{id_} p99", asked.milliseconds(0.99))
    figures.details[what] = asked.as_json()
