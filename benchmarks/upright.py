"""What is measured on the whole stack: memory, balances, quotes, and how soon a killed part is back."""

import balances
import memory
import quotes
import recovery
from figures import Figures
from latency import TooSlow
from plan import Part, Plan
from standing import Standing

from loyalty.console import note, progress

BALANCES_PER_SECOND, QUOTES_PER_SECOND, STANDING_PURCHASES = 500, 200, 20_000


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
        try:
            with progress(f"Balances at {BALANCES_PER_SECOND:,}/s", unit="balances") as advance:
                asked = await balances.measure(here, per_second=BALANCES_PER_SECOND, seconds=plan.latency_seconds, advance=advance)
        except TooSlow as failure:
            note(f"No balances: {failure}")
        else:
            figures.add("P6 p50", asked.milliseconds(0.5))
            figures.add("P6 p99", asked.milliseconds(0.99))
            figures.details["balances"] = asked.as_json()
    if Part.QUOTES in plan.parts:
        await _measure_quotes(plan, here, figures)
    if Part.RECOVERY in plan.parts:
        with progress("Killing each process once"):
            back = await recovery.measure(here)
        figures.add("P15 service", max(back["accrual"], back["members"], back["gateway"]))
        figures.add("P15 server", max(back["kafka"], back["postgresql"]))
        figures.details["recovery_seconds"] = back


async def _measure_quotes(plan: Plan, here: Standing, figures: Figures) -> None:
    try:
        with progress(f"Quotes at {QUOTES_PER_SECOND:,}/s", unit="quotes") as advance:
            asked = await quotes.measure(here, per_second=QUOTES_PER_SECOND, seconds=plan.latency_seconds, seed=plan.seed, advance=advance)
    except TooSlow as failure:
        note(f"No quotes: {failure}")
        return
    figures.add("P7 p50", asked.milliseconds(0.5))
    figures.add("P7 p99", asked.milliseconds(0.99))
    figures.details["quotes"] = asked.as_json()
