"""`loyalty waiting`."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text

from loyalty.console import note, out, print_json, say
from loyalty.operators import Addresses, Answer, Operator, Token, operators
from loyalty.options import Data, Json

Days = Annotated[
    int | None,
    typer.Option("--days", min=0, max=36_500, metavar="N", help="That have waited so many days or longer; 0 shows all. Seven, where not given."),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, metavar="N", help="At most so many, oldest first.")]


def list_waiting(*, days: Days = None, limit: Limit = 1000, as_json: Json = False, address: Addresses = None, token: Token = None, data: Data = None) -> None:
    """List returns, confirmations and cancellations that wait for a purchase, oldest first. Something may be wrong with what they name.

    Seven days are the default of accrual (ACCRUAL_WAITING_DAYS). Each is applied when its purchase comes.

    Examples:
      loyalty waiting list
      loyalty waiting list --days 0 --json
    """

    async def collect() -> tuple[list[Answer], bool]:
        async with operators(address, "accrual", token, data) as (accrual,):
            return await _pages(accrual, days, limit)

    items, more = asyncio.run(collect())
    if as_json:
        print_json({"items": items, "more": more})
    elif items:
        out.print(_listed(items), soft_wrap=True)
        if more:
            note("There are more: see --limit.")
    else:
        say("Nothing waits." if days == 0 else "Nothing has waited so long.")


async def _pages(accrual: Operator, days: int | None, limit: int) -> tuple[list[Answer], bool]:
    items: list[Answer] = []
    after: int | None = 0
    while after is not None and len(items) <= limit:
        asked = {"after": str(after)} | ({} if days is None else {"days": str(days)})
        page = await accrual.get("/v1/waiting", **asked)
        items += page["items"]
        after = page["next"]
    return items[:limit], len(items) > limit or after is not None


def _listed(items: Sequence[Answer]) -> Text:
    """Write two lines for each: which event, since when, and what it waits for."""
    return Text("\n").join(map(_lines, items))


def _lines(item: Answer) -> Text:
    named = f"purchase {item['purchase_id']}" if item["purchase_id"] else f"receipt number {item['receipt_number']} at {item['store'] or 'no store'}"
    return Text.assemble((item["event_id"], "bold"), f"  {item['type']}  {item['source']}\n    since {item['arrived_at']}, for {named} of {item['merchant']}")
