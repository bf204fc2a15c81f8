"""P10: how many purchases a second `loyalty simulate` replays through the ten-rule programme, in one process."""

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from random import Random  # noqa: TID251  seeded: purchases have to be the same in every run
from statistics import median
from time import process_time
from typing import Annotated, NamedTuple

import orjson
import typer
from backlog import MERCHANT, SPREAD, purchase

from accrual.domain.compiler import compile_document
from accrual.domain.document.reading import read
from accrual.domain.facts import Line, Purchase
from loyalty.history.events import Bought, History
from loyalty.history.load import Reading, load
from loyalty.simulate.command import replayed
from loyalty.simulate.replay import Assumptions, Replay

HERE = Path(__file__).parent
#: The rules' own caches are warm after so many.
WARM = 5_000
UNTIL = datetime(2026, 11, 1, tzinfo=UTC)


class Measured(NamedTuple):
    """Purchases a second of processor, for one core is asked and what others do on it is not: the replay alone, and with reading the file."""

    replay: float
    with_reading: float


def bought(*, purchases: int, holders: int, seed: int) -> Iterator[Bought]:
    """Make the same receipts that the chain is measured with, as the simulation holds them."""
    random, moment = Random(seed), UNTIL - SPREAD
    for number in range(purchases):
        moment += SPREAD / purchases
        draw = random.random()
        body = purchase(random, str(number), str(int(holders * draw * (0.2 + 0.8 * draw))), moment)
        lines = tuple(
            Line(**{name: tuple(value) if name == "labels" else value for name, value in line.items() if name in Line._fields}) for line in body["lines"]
        )
        receipt = Purchase(merchant=MERCHANT, purchase_id=str(number), lines=lines, currency="EUR", occurred_at=moment, store=body["store"], zone=body["zone"])
        yield Bought(moment, body["holder"], receipt)


def write_csv(path: Path, events: list[Bought]) -> None:
    """Write receipts as a till would export them, a line a row."""
    with path.open("w") as file:
        file.write("receipt,customer,date,store,sku,category,brand,quantity,amount\n")
        for event in events:
            for line in event.purchase.lines:
                what = f"{line.sku},{line.category},{line.brand},{line.quantity // 1000},{line.paid_amount / 100:.2f}"
                file.write(f"{event.purchase.purchase_id},{event.customer},{event.occurred_at.isoformat()},{event.purchase.store},{what}\n")


def measure(*, purchases: int, holders: int, seed: int, folder: Path) -> Measured:
    """Replay once, and once from a file; each with fresh members. What comes out must be the same both times."""
    programme = compile_document(read((HERE / "programme.yaml").read_text()))
    events = list(bought(purchases=purchases, holders=holders, seed=seed))
    history = History(source="made", events=events, currency="EUR")
    Replay(programme, History(source="made", events=events[:WARM], currency="EUR"), Assumptions()).run(_unseen)
    start = process_time()
    outcome = replayed(programme, history, Fraction(7, 10), title="Replaying")
    alone = purchases / (process_time() - start)
    if outcome.purchases != purchases or not outcome.issued:
        raise RuntimeError(f"{outcome.purchases} of {purchases} purchases were replayed")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "receipts.csv"
    write_csv(file, events)
    start = process_time()
    again = load(file, Reading(zone="Europe/Berlin"), advance=_unseen)
    replayed(programme, again, Fraction(7, 10), title="Reading and replaying")
    both = purchases / (process_time() - start)
    file.unlink()
    if len(again.events) != purchases:
        raise RuntimeError(f"{len(again.events)} of {purchases} purchases were read")
    return Measured(alone, both)


def _unseen(done: int, *, total: int | None = None) -> None:
    """Show nothing."""


def main(
    purchases: Annotated[int, typer.Option(min=WARM)] = 100_000, runs: Annotated[int, typer.Option(min=1)] = 3, seed: int = 1, folder: Path = HERE
) -> None:
    """Measure P10 alone: no servers are needed."""
    found = [measure(purchases=purchases, holders=20_000, seed=seed, folder=folder) for _ in range(runs)]
    print(
        orjson.dumps(
            {
                name: {"median": round(median(values)), "values": [round(value) for value in values]}
                for name, values in zip(Measured._fields, zip(*found, strict=True), strict=True)
            }
        ).decode()
    )


if __name__ == "__main__":
    typer.run(main)
