"""`loyalty programme check`."""

import typer

from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from loyalty.console import FAILED, print_json, say
from loyalty.options import Json
from loyalty.programme.files import File
from loyalty.programme.hints import Hint, hints
from loyalty.programme.reading import recorded, refused, text_of


def check(file: File, *, as_json: Json = False) -> None:
    """Check a programme document: every error with its line and what to do, and warnings about what is legal but hardly meant.

    Exit code 0: it can be published, whatever the warnings. 1: it cannot.

    Examples:
      loyalty programme check programmes/coffee-bonus.yaml
      loyalty programme check programmes/coffee-bonus.yaml --json
    """
    try:
        document = read(text_of(file))
    except DocumentError as error:
        if as_json:
            print_json({"ok": False, "errors": [recorded(problem) for problem in error.problems], "warnings": []})
            raise typer.Exit(FAILED) from error
        raise refused(file, error.problems) from error
    warnings = hints(document)
    if as_json:
        print_json({"ok": True, "errors": [], "warnings": [{"part": each.part, "message": each.message, "advice": each.advice} for each in warnings]})
        return
    say(f"{file} is in order: {document.programme}, version {document.version}.")
    for each in warnings:
        say(_line(each))


def _line(hint: Hint) -> str:
    return f"  warning, {hint.part}: {hint.message}. {hint.advice[:1].upper()}{hint.advice[1:]}."
