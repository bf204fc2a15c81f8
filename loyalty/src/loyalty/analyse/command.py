"""`loyalty analyse`."""

from dataclasses import asdict
from fractions import Fraction
from typing import Annotated, Any

import typer
from rich.table import Table

from accrual.domain.amounts import minor_digits
from loyalty.analyse.customers import SEGMENTS
from loyalty.analyse.facts import Facts, facts_of
from loyalty.analyse.levers import levers_of
from loyalty.analyse.telling import page_of
from loyalty.console import COULD_NOT, Failure, note, out, print_json, progress
from loyalty.history.events import History
from loyalty.history.load import Reading, loaded
from loyalty.history.options import Html, Mapping, SkipBad, share_given
from loyalty.options import Json
from loyalty.page.build import write_page
from loyalty.page.writing import Money, percent, whole
from loyalty.publish.mapping import read_mapping

Data = Annotated[str, typer.Argument(metavar="DATA", help="Real purchases: .csv, .jsonl or .parquet, also with .gz; or the address of accrual's database.")]
Currency = Annotated[str, typer.Option("--currency", metavar="CODE", help="The currency of purchases for which the data name none.")]
Zone = Annotated[str, typer.Option("--zone", metavar="NAME", help="The time zone of times that name none.")]
Margin = Annotated[str | None, typer.Option("--margin", metavar="SHARE", help="The margin on goods, to say what pays for rewards.", show_default=False)]


def analyse(  # noqa: PLR0913  each is an option of its own
    data: Data,
    *,
    mapping: Mapping = None,
    currency: Currency = "EUR",
    zone: Zone = "UTC",
    margin: Margin = None,
    html: Html = None,
    as_json: Json = False,
    skip_bad: SkipBad = False,
) -> None:
    """Look at purchases before there is a programme: who buys, how often, how much, what goes together, and what a programme could move.

    A bare export of a till is enough: what columns hold is told by their names, or by a mapping file. Nothing leaves this machine.

    Examples:
      loyalty analyse sales.csv --currency GBP --html customers.html
      loyalty analyse sales.parquet --mapping till.mapping.yaml --margin 35% --json
    """
    if len(currency) != 3 or not currency.isalpha() or not currency.isupper():  # noqa: PLR2004  ISO 4217
        raise Failure(f"--currency: {currency} is not a currency.", advice="Write its three capital letters, as USD.", code=COULD_NOT)
    share = None if margin is None else share_given(margin, "--margin")
    columns = read_mapping(mapping) if mapping else None
    reading = Reading(mapping=columns, currency=currency, digits=minor_digits(currency), zone=zone, skip_bad=skip_bad)
    with progress("Reading", unit="rows") as advance:
        history = loaded(data, reading, advance=advance)
    facts = facts_of(history)
    if html is not None:
        write_page(page_of(history, facts, share), html)
    if as_json:
        print_json(as_figures(history, facts))
    else:
        _show(history, facts)
    if html is not None:
        note(f"The page is {html}.")


def as_figures(history: History, facts: Facts) -> dict[str, Any]:
    """Return everything as plain values, money in minor units."""
    plain = {name: value for name, value in asdict(facts).items() if name not in ("receipts", "gaps", "months", "cohorts", "segments", "together", "week")}
    return {
        "data": {"source": history.source, "from": str(history.first_day), "until": str(history.last_day), "currency": history.currency},
        **plain,
        "lines": {str(lines): count for lines, count in facts.lines.items()},
        "skipped": history.skipped,
        "middle_receipt": facts.middle_receipt,
        "middle_gap_days": facts.middle_gap,
        "months": [
            {"month": f"{year}-{month:02}", "purchases": count, "known": known, "nobody": nobody}
            for (year, month), (count, known, nobody) in facts.months.items()
        ],
        "segments": {name: found._asdict() for name, found in facts.segments.items()},
        "cohorts": [
            {"month": f"{cohort.month[0]}-{cohort.month[1]:02}", "customers": cohort.customers, "active": list(cohort.active)} for cohort in facts.cohorts
        ],
        "together": [pair._asdict() for pair in facts.together],
        "levers": [lever._asdict() for lever in levers_of(facts)],
        "notes": list(history.notes),
    }


def _show(history: History, facts: Facts) -> None:
    money = Money(history.currency)
    table = Table(
        title=f"{whole(facts.purchases)} purchases, {history.first_day} to {history.last_day}", title_justify="left", show_header=False, show_edge=False
    )
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    table.add_row("sales", money(facts.revenue), f"less {money(facts.returned)} of {whole(facts.returns)} returns")
    table.add_row("customers", whole(facts.customers), f"{whole(facts.repeating)} bought more than once")
    table.add_row("middle receipt", money(facts.middle_receipt), "")
    if facts.middle_gap is not None:
        table.add_row("days between purchases", whole(facts.middle_gap), "the middle of all")
    for name in SEGMENTS:
        if name in facts.segments:
            found = facts.segments[name]
            table.add_row(f"  {name}", whole(found.customers), f"{percent(Fraction(found.revenue, facts.known_revenue or 1))} of sales")
    for lever in levers_of(facts):
        table.add_row(f"if {lever.change}", money(lever.revenue), f"a year: {lever.habit}")
    out.print(table)
    for told in history.notes:
        note(told)
