"""`loyalty simulate`."""

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from accrual.domain.amounts import minor_digits
from accrual.domain.compiler import compile_document
from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.programme import Programme
from loyalty.analyse.customers import customers_of, scored
from loyalty.console import COULD_NOT, Failure, note, print_json, progress
from loyalty.history.collecting import uncollected
from loyalty.history.events import History
from loyalty.history.load import Reading, loaded
from loyalty.history.options import Html, Mapping, SkipBad, share_given
from loyalty.options import Json
from loyalty.page.build import write_page
from loyalty.programme.reading import line_of, text_of
from loyalty.publish.mapping import read_mapping
from loyalty.simulate.comparison import compared
from loyalty.simulate.figures import as_json as as_figures
from loyalty.simulate.goals import standings
from loyalty.simulate.outcome import Outcome
from loyalty.simulate.replay import Assumptions, Replay
from loyalty.simulate.result import Simulation, margin_of, model_of
from loyalty.simulate.scenario import Scenario, read_scenario
from loyalty.simulate.telling import page_of
from loyalty.simulate.view import show

File = Annotated[Path, typer.Argument(metavar="FILE", help="The programme document.")]
Purchases = Annotated[
    str,
    typer.Option("--purchases", metavar="DATA", help="Real purchases: .csv, .jsonl or .parquet, also with .gz; or the address of accrual's database."),
]
Against = Annotated[Path | None, typer.Option("--against", metavar="OLD", help="Another programme document: who gains and who loses by the change.")]
ScenarioFile = Annotated[Path | None, typer.Option("--scenario", metavar="FILE", help="Costs and expectations: when the programme pays for itself.")]
Redemption = Annotated[str, typer.Option("--redemption", metavar="SHARE", help="Of points given and kept, so many are expected to be spent.")]
Margin = Annotated[str | None, typer.Option("--margin", metavar="SHARE", help="The margin on goods, where the data hold no cost of goods.", show_default=False)]
YearsLater = Annotated[int, typer.Option("--years-later", min=0, max=100, metavar="N", help="Take the purchases as made so many times 52 weeks later.")]


def simulate(  # noqa: PLR0913  each is an option of its own
    file: File,
    *,
    purchases: Purchases,
    mapping: Mapping = None,
    against: Against = None,
    scenario: ScenarioFile = None,
    html: Html = None,
    as_json: Json = False,
    skip_bad: SkipBad = False,
    redemption: Redemption = "70%",
    margin: Margin = None,
    years_later: YearsLater = 0,
) -> None:
    """See what a programme does before members feel it: real purchases, decided by its rules.

    Points and their cost, rule by rule and month by month, who gets them, what returns take back. With --against, who gains and who loses by a change.
    With --scenario, whether it pays. Nothing leaves this machine and nothing is published.

    Examples:
      loyalty simulate programmes/cdnow-records.yaml --purchases sales.csv
      loyalty simulate new.yaml --purchases sales.csv --against old.yaml --html change.html
      loyalty simulate new.yaml --purchases sales.parquet --mapping till.mapping.yaml --scenario loyalty/examples/scenario.yaml --html pays.html
      loyalty simulate new.yaml --purchases events.jsonl --skip-bad --json
      loyalty simulate new.yaml --purchases postgresql://verify@db.internal/accrual --against old.yaml
    """
    share, known = share_given(redemption, "--redemption"), None if margin is None else share_given(margin, "--margin")
    model = None if scenario is None else read_scenario(scenario)
    programme = programme_in(file)
    old = None if against is None else programme_in(against)
    _follow(programme, old)
    history = _history(programme, purchases, mapping, skip_bad=skip_bad).later(years_later)
    found = found_by(programme, history, redemption=share, margin=known, old=old, scenario=model)
    if html is not None:
        write_page(page_of(found), html)
    if as_json:
        print_json(as_figures(found))
    else:
        show(found)
    if html is not None:
        note(f"The page is {html}.")


def _follow(programme: Programme, old: Programme | None) -> None:
    """Let a version with a transition know the one before, if that is the other document."""
    if programme.terms.better_until is None:
        return
    if old is None or old.terms.id != programme.terms.id or old.terms.version >= programme.terms.version or old.terms.decimals != programme.terms.decimals:
        note("Its transition is left out: name the version before it with --against.")
        return
    programme.follow(old)


def _history(programme: Programme, purchases: str, mapping: Path | None, *, skip_bad: bool) -> History:
    terms = programme.terms
    currency = terms.currencies[0]
    columns = read_mapping(mapping) if mapping else None
    reading = Reading(mapping=columns, currency=currency, digits=minor_digits(currency), zone=str(terms.zone), skip_bad=skip_bad)
    with progress("Reading", unit="rows") as advance:
        return loaded(purchases, reading, programme=terms.id, advance=advance)


def found_by(
    programme: Programme,
    history: History,
    *,
    redemption: Fraction,
    margin: Fraction | None = None,
    old: Programme | None = None,
    scenario: Scenario | None = None,
) -> Simulation:
    """Replay a history, through another programme too where one is given, and reckon what it comes to."""
    outcome = replayed(programme, history, redemption, title="Replaying")
    customers = customers_of(history)
    segment_of = {name: score.segment for name, score in scored(customers).items()}
    margin = margin_of(outcome, margin)
    before = None if old is None else replayed(old, history, redemption, title="Replaying the old one")
    return Simulation(
        programme=programme,
        history=history,
        outcome=outcome,
        margin=margin,
        segment_of=segment_of,
        against=None if old is None or before is None else (old, compared(before, outcome, segment_of)),
        model=None if scenario is None else model_of(scenario, outcome, history, margin),
        goals=standings(programme.document.goals, customers, until=history.last_day, currency=history.currency),
    )


def programme_in(file: Path) -> Programme:
    """Read and compile a programme document. Fails with everything that is wrong with it."""
    try:
        return compile_document(read(text_of(file)))
    except DocumentError as error:
        faults = "\n".join(line_of(fault.line, fault.path, fault.message, fault.advice) for fault in error.problems)
        raise Failure(f"{file} is no programme:\n{faults}", code=COULD_NOT) from error


def replayed(programme: Programme, history: History, redemption: Fraction, *, title: str) -> Outcome:
    """Replay a history with a progress bar. Fails where the programme has nothing to do with it."""
    terms = programme.terms
    if history.currency not in terms.currencies:
        advice = f"Its currencies: {', '.join(terms.currencies)}. Say the right one in the mapping file, as `currency: {terms.currencies[0]}`."
        raise Failure(f"The purchases are in {history.currency}, which is no currency of {terms.id}.", advice=advice, code=COULD_NOT)
    with progress(title, total=len(history.events), unit="events") as advance, uncollected():
        outcome = Replay(programme, history, Assumptions(redemption=redemption)).run(advance)
    if not outcome.members:
        advice = "Map the column with the customer's card or number to `holder`."
        raise Failure("No purchase says who bought, so nobody can earn.", advice=advice, code=COULD_NOT)
    return outcome
