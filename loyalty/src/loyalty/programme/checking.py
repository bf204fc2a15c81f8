"""`loyalty programme check`."""

from pathlib import Path
from typing import Annotated

import typer

from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from loyalty.console import FAILED, print_json, say
from loyalty.options import Json
from loyalty.programme.files import File
from loyalty.programme.hints import Hint, hints
from loyalty.programme.reading import recorded, refused, text_of
from loyalty.programme.trial import tried

Purchases = Annotated[
    Path | None, typer.Option("--purchases", metavar="DATA", help="Purchases, as for `loyalty simulate`: warn of what never happens with them.")
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Go on past rows that cannot be read.")]


def check(file: File, *, purchases: Purchases = None, skip_bad: SkipBad = False, as_json: Json = False) -> None:
    """Check a programme document: every error with its line and what to do, and warnings about what is legal but hardly meant.

    With --purchases, last year's perhaps, also warnings about rules that never fire, caps that are never reached, levels that nobody gets.

    Exit code 0: it can be published, whatever the warnings. 1: it cannot.

    Examples:
      loyalty programme check programmes/coffee-bonus.yaml
      loyalty programme check programmes/coffee-bonus.yaml --purchases last-year.csv
      loyalty programme check programmes/coffee-bonus.yaml --json
    """
    try:
        document = read(text_of(file))
    except DocumentError as error:
        if as_json:
            print_json({"ok": False, "errors": [recorded(problem) for problem in error.problems], "warnings": []})
            raise typer.Exit(FAILED) from error
        raise refused(file, error.problems) from error
    warnings = hints(document) + (tried(document, purchases, skip_bad=skip_bad) if purchases is not None else [])
    if as_json:
        print_json({"ok": True, "errors": [], "warnings": [{"part": each.part, "message": each.message, "advice": each.advice} for each in warnings]})
        return
    say(f"{file} is in order: {document.programme}, version {document.version}.")
    for each in warnings:
        say(_line(each))


def _line(hint: Hint) -> str:
    return f"  warning, {hint.part}: {hint.message}. {hint.advice[:1].upper()}{hint.advice[1:]}."
