"""`loyalty demo`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from loyalty.console import FAILED, INTERRUPTED, Failure, err, note, out, print_json
from loyalty.demo.run import Ended, run_demo
from loyalty.demo.show import show_audit, show_example, show_summary, show_where
from loyalty.options import Broker, Json
from loyalty.stack.places import Places, default_folder
from loyalty.stack.signals import Stopped, until_stopped

FEWEST_CUSTOMERS = 20

Limit = Annotated[int | None, typer.Option("--limit", min=FEWEST_CUSTOMERS, metavar="N", help="Only the first N customers of 2,357.", show_default=False)]
Keep = Annotated[bool, typer.Option("--keep", help="Stay up at the end until a signal comes, even where there is no terminal.")]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="LOYALTY_DEMO_DATA",
        metavar="FOLDER",
        help="The demo's folder, EMPTIED at the start; `.local/demo` where not given.",
        show_default=False,
    ),
]


def demo(*, broker: Broker = None, limit: Limit = None, keep: Keep = False, as_json: Json = False, data: Data = None) -> None:
    """See the main job done: real purchases through a real broker and a real PostgreSQL, and checked.

    Starts everything on this machine, publishes 6,919 real purchases of 2,357 customers (CDNOW, moved to the present), people who register before,
    after or never, and 5 % of all events twice; then shows what came of them, one member's history with its reasons, and the audit.
    In a terminal it stays up until Ctrl-C. With --json the last line of the output is one object.

    Examples:
      loyalty demo
      loyalty demo --broker tansu --limit 200
      loyalty demo --json
    """
    places = Places((data or default_folder() / "demo").resolve())
    stays = keep or (sys.stdin.isatty() and sys.stdout.isatty())
    shown = []

    async def then(ended: Ended) -> None:
        _show(ended, places, as_json=as_json)
        shown.append(ended.summary.violations)
        if stays:
            note("\nEverything stays up until Ctrl-C.")
            await asyncio.Event().wait()

    try:
        asyncio.run(until_stopped(run_demo(places, broker=broker, limit=limit, then=then)))
    except Stopped as error:
        if not shown:
            raise Failure("Stopped before the end; nothing is left running.", code=INTERRUPTED) from error
    note("Everything is stopped.")
    if shown[0]:
        raise typer.Exit(FAILED)


def _show(ended: Ended, places: Places, *, as_json: bool) -> None:
    console = err if as_json else out
    show_summary(console, ended.summary)
    if ended.example is not None:
        show_example(console, ended.example)
    show_audit(console, ended.summary)
    show_where(console, ended.state, ended.example, places)
    if as_json:
        print_json(ended.summary.as_json())
