"""`loyalty programme migrate`: members bring along points, levels and totals from another system."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from loyalty.console import COULD_NOT, FAILED, Failure, note, print_json, progress, say
from loyalty.options import Data, Json, places_of
from loyalty.programme.balances import Balances, read_balances
from loyalty.programme.service import Accrual, Address, Answer, As, Token
from loyalty.stack.keys import OPERATOR, Hasher

SCOPES = ("migrations:write",)
#: Rows in one request, as accrual takes them.
BATCH = 500

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV: kind, identifier (or holder), and points, level or totals.")]
Programme = Annotated[str, typer.Option("--programme", metavar="ID", help="Into which programme.")]
Name = Annotated[str, typer.Option("--name", metavar="NAME", help="What the migration is called: it tells its rows from those of any other.")]
Announce = Annotated[bool, typer.Option("--announce", help="Announce the sums. Somebody else loads them.")]
Load = Annotated[bool, typer.Option("--load", help="Load the rows. Loaded again, a row changes nothing.")]
Undo = Annotated[bool, typer.Option("--undo", help="Take back what is left of everything that was loaded.")]
Live = Annotated[bool, typer.Option("--live", help="Say that it counts: nothing is loaded or taken back any more.")]


def migrate(  # noqa: PLR0913  each is an option of its own
    file: File,
    *,
    programme: Programme,
    name: Name,
    announce: Announce = False,
    load: Load = False,
    undo: Undo = False,
    live: Live = False,
    as_json: Json = False,
    address: Address = None,
    token: Token = None,
    subject: As = OPERATOR,
    data: Data = None,
) -> None:
    """Bring balances along from another system, each with its own expiry. Without a step it is a dry run: the file is checked and added up.

    One person announces the sums, another loads the rows, once each and never more than announced. Until --live, --undo takes everything back.
    Columns: kind and identifier, or holder; points with expires_at; level with level_until, a floor as if set by hand; and what counts towards
    levels on the day counted_on: earned (points), spent (money in minor units), purchases. History is published like any purchases (`loyalty publish`).

    Examples:
      loyalty programme migrate balances.csv --programme my-club --name old-cards
      loyalty programme migrate balances.csv --programme my-club --name old-cards --announce --as mara
      loyalty programme migrate balances.csv --programme my-club --name old-cards --load --as theo
      loyalty programme migrate balances.csv --programme my-club --name old-cards --undo --as theo
    """
    if sum((announce, load, undo, live)) > 1:
        raise Failure("One step at a time.", advice="--announce, then --load, then --live (or --undo).", code=COULD_NOT)
    balances = read_balances(file, lambda kind, typed: Hasher(places_of(data).keys).holder_of(kind, typed))
    report: Answer = {"file": file.name, "rows": len(balances.rows), "points": balances.points, "members": balances.members, "by_expiry": balances.by_expiry()}
    report |= {"by_level": balances.by_level(), "totals": balances.totals}
    report["faults"] = [{"line": fault.line, "message": fault.message} for fault in balances.faults]
    if balances.faults:
        _show(report, as_json=as_json)
        raise typer.Exit(FAILED)
    if announce or load or undo or live:
        accrual = Accrual.of(address, token, data, scopes=SCOPES, subject=subject)
        path = f"/v1/migrations/{programme}/{name}"
        if announce:
            accrual.post(path, _sums(balances))
        elif load:
            report["loaded_now"] = sum(_loaded(accrual, path, balances))
        elif undo:
            report["taken_back"] = sum(_undone(accrual, path))
        else:
            accrual.post(f"{path}/live", {})
        report["accrual"] = accrual.get(path)
        report["agrees"] = _agrees(report["accrual"], balances)
    _show(report, as_json=as_json)


def _sums(balances: Balances) -> dict[str, int]:
    return {"openings": len(balances.rows), "points": balances.points, "levels": sum(balances.by_level().values()), "totals": balances.totals}


def _agrees(found: Answer, balances: Balances) -> bool:
    return all(found["loaded" if name == "openings" else f"loaded_{name}"] == value for name, value in _sums(balances).items())


def _loaded(accrual: Accrual, path: str, balances: Balances) -> Iterator[int]:
    rows = [row.as_json() for row in balances.rows]
    with progress("Loading", total=len(rows), unit="rows") as advance:
        for start in range(0, len(rows), BATCH):
            yield int(accrual.post(f"{path}/openings", {"rows": rows[start : start + BATCH]})["points"])
            advance(min(start + BATCH, len(rows)))


def _undone(accrual: Accrual, path: str) -> Iterator[int]:
    while (answer := accrual.post(f"{path}/undo"))["rows"]:
        yield int(answer["points"])


def _show(report: Answer, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    say(f"{report['file']}: {report['rows']} rows of {report['members']} members, {report['points']} points.")
    for month, points in report["by_expiry"].items():
        say(f"  {month}: {points}")
    for level, rows in report["by_level"].items():
        say(f"  level {level}: {rows}")
    if report["totals"]:
        say(f"  towards levels: {report['totals']}")
    for fault in report["faults"]:
        say(f"  line {fault['line']}: {fault['message']}")
    if "accrual" not in report:
        note("Nothing was changed." if not report["faults"] else "Nothing was changed: mend these lines first.")
        return
    found = report["accrual"]
    say(f"Announced: {found['points']} points in {found['openings']} rows by {found['announced_by']}. Loaded: {found['loaded_points']} in {found['loaded']}.")
    if "taken_back" in report:
        say(f"Taken back: {report['taken_back']}.")
    elif report["agrees"]:
        say("What was loaded agrees with the file.")
