"""`loyalty consumer`."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from loyalty.console import COULD_NOT, Failure, out, print_json, say
from loyalty.operators import Addresses, Answer, Service, Token, operators
from loyalty.options import Data, Json

Topic = Annotated[str | None, typer.Option("--topic", metavar="NAME", help="Of this topic only.", show_default=False)]
Partition = Annotated[int | None, typer.Option("--partition", min=0, metavar="N", help="This partition of the topic only.", show_default=False)]
Everything = Annotated[bool, typer.Option("--all", help="All partitions that stand still.")]
Former = Annotated[bool, typer.Option("--former", help="Those of former brokers, too.")]


def list_partitions(
    *,
    topic: Topic = None,
    former: Former = False,
    as_json: Json = False,
    service: Service = None,
    address: Addresses = None,
    token: Token = None,
    data: Data = None,
) -> None:
    """Show every partition that is read: how far, what became of its records, and whether it was stopped.

    Examples:
      loyalty consumer list
      loyalty consumer list --service accrual --topic loyalty.purchases.v1 --json
    """

    async def collect() -> list[Answer]:
        async with operators(address, service, token, data) as services:
            return [{"service": each.service, **item} for each in services for item in (await each.get("/v1/consumers"))["items"]]

    items = [item for item in asyncio.run(collect()) if topic in {None, item["topic"]}]
    if not former:
        items = _of_today(items)
    if as_json:
        print_json({"items": items})
    elif items:
        out.print(_table(items))
    else:
        say("Nothing was read yet.")


def _of_today(items: Sequence[Answer]) -> list[Answer]:
    """Keep the broker that each service read last, and whatever stands still."""
    newest = {item["service"]: item["incarnation"] for item in sorted(items, key=lambda item: str(item["updated_at"]))}
    return [item for item in items if item["incarnation"] == newest[item["service"]] or item["paused_at"]]


def _table(items: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title="Partitions", title_justify="left", show_edge=False)
    table.add_column("service", overflow="fold")
    table.add_column("partition", overflow="fold")
    table.add_column("read to", justify="right", overflow="fold")
    table.add_column("verdicts", overflow="fold")
    table.add_column("state", overflow="fold")
    for item in items:
        verdicts = ", ".join(f"{count:,} {verdict}" for verdict, count in [*item["verdicts"].items(), ("gaps", item["gaps"])] if count)
        state = Text(f"stopped: {item['pause_reason']}", style="bold red") if item["paused_at"] else Text("reads", style="green")
        table.add_row(item["service"], f"{item['topic']}/{item['partition']}", f"{item['next']:,}", verdicts or "-", state)
    return table


def resume(  # noqa: PLR0913  each is an option of its own
    *,
    topic: Topic = None,
    partition: Partition = None,
    everything: Everything = False,
    as_json: Json = False,
    service: Service = None,
    address: Addresses = None,
    token: Token = None,
    data: Data = None,
) -> None:
    """Let partitions go on that were stopped because too many of their records failed. Mend the cause first.

    What was counted is forgotten, so old failures do not stop them again; new ones may.

    Examples:
      loyalty consumer resume --all
      loyalty consumer resume --service accrual --topic loyalty.purchases.v1
      loyalty consumer resume --topic loyalty.purchases.v1 --partition 3
    """
    if everything == (topic is not None) or (partition is not None and topic is None):
        raise Failure("Say which: --topic, --topic with --partition, or --all.", advice="`loyalty consumer list` shows what stands still.", code=COULD_NOT)

    async def work() -> list[Answer]:
        body = {"topic": topic, "partition": partition, "all": everything}
        async with operators(address, service, token, data) as services:
            return [{"service": each.service, **found} for each in services for found in (await each.post("/v1/consumers/resume", body))["resumed"]]

    resumed = asyncio.run(work())
    if as_json:
        print_json({"resumed": resumed})
        return
    for each in resumed:
        say(f"{each['service']}: {each['topic']}/{each['partition']} goes on from {each['next']:,} (was stopped: {each['reason']})")
    if not resumed:
        say("No such partition stands still.")
