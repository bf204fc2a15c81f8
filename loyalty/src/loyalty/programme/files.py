"""`loyalty programme check`, `diff` and `terms`: what can be done with files alone."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from accrual.domain.terms.comparing import Difference
from accrual.domain.terms.notice import Change, Notice, notice_of
from accrual.domain.terms.page import terms_of
from accrual.domain.terms.rendering import as_html, as_markdown, as_record
from accrual.domain.terms.words import Language as Written
from accrual.domain.terms.words import Said
from loyalty.console import COULD_NOT, FAILED, Failure, note, out, print_json, say
from loyalty.options import Json
from loyalty.programme.reading import document_of, shown


class Tongue(StrEnum):
    """A language of public terms."""

    EN = "en"
    RU = "ru"


class Form(StrEnum):
    """How terms are written."""

    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


File = Annotated[Path, typer.Argument(metavar="FILE", help="A programme document.")]
Old = Annotated[Path, typer.Argument(metavar="OLD", help="The document that holds.")]
New = Annotated[Path, typer.Argument(metavar="NEW", help="The document that is to follow it.")]
Language = Annotated[Tongue, typer.Option("--lang", help="The language.")]
Format = Annotated[Form, typer.Option("--format", help="How it is written; a page of HTML needs nothing beside it.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there.", show_default=False)]

_NOTHING = Said("Nothing that members are told changes.", "Для участников ничего не меняется.")
_UNTOLD = Said("not told to members", "участникам не сообщается")
_WORSE = Said(
    "What is marked with ! takes something from members, or may: the new version begins only after the notice period.",
    "Отмеченное знаком ! лишает участников чего-либо или может лишить: новая редакция вступает в силу только после срока уведомления.",
)

_EASED = Said(
    "What is marked with ~ takes something from whoever was there only after {day}, when the transition is over.",
    "Отмеченное знаком ~ лишает тех, кто уже участвует, чего-либо только после {day}, когда переход закончится.",
)


def diff(old: Old, new: New, *, lang: Language = Tongue.EN, as_json: Json = False) -> None:
    """Say in words what changes for members from one version to the next, as the notice to them does. What they lose by is marked.

    Exit code 1: members lose by something at once, so the new version may begin only after the notice period.

    Examples:
      loyalty programme diff programmes/coffee-bonus.yaml next.yaml --lang ru
      loyalty programme diff programmes/coffee-bonus.yaml next.yaml --json
    """
    notice = notice_of(document_of(old), document_of(new), lang.value)
    if as_json:
        print_json(_recorded(notice))
    else:
        _show(notice, lang.value)
    raise typer.Exit(FAILED if notice.worse_at_once else 0)


def terms(file: File, *, lang: Language = Tongue.EN, form: Format = Form.MARKDOWN, output: Output = None) -> None:
    """Write the public terms of a programme, made of the rules that run. Each paragraph names the part of the document it is made of.

    Examples:
      loyalty programme terms programmes/coffee-bonus.yaml --lang ru
      loyalty programme terms programmes/coffee-bonus.yaml --format html --output terms.html
    """
    made = terms_of(document_of(file), lang.value)
    text = {Form.MARKDOWN: as_markdown, Form.HTML: as_html}[form](made) if form is not Form.JSON else None
    if text is None:
        print_json(as_record(made))
    elif output is None:
        typer.echo(text)
    else:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Failure(f"{output} cannot be written: {error.strerror}.", code=COULD_NOT) from error
        note(f"Written to {output}.")


def _show(notice: Notice, language: Written) -> None:
    if not notice.changes:
        say(_NOTHING.in_(language))
    for change in notice.changes:
        out.print(shown(f"{_mark(change)} {change.heading or change.part}  ({change.part})", worse=change.worse), soft_wrap=True)
        for mark, text in (("-", change.before), ("+", change.after)):
            if text is not None:
                say(f"    {mark} {text}")
    for difference in notice.untold:
        text = f"{_mark(difference)} {difference.part}: {_UNTOLD.in_(language)}"
        out.print(shown(text, worse=difference.worse), soft_wrap=True)
    if notice.worse_at_once:
        note(_WORSE.in_(language))
    if notice.eased_until is not None:
        note(_EASED.in_(language).format(day=notice.eased_until))


def _mark(change: Change | Difference) -> str:
    return "~" if change.eased else "!" if change.worse else " "


def _recorded(notice: Notice) -> dict[str, object]:
    changes = [
        {"part": change.part, "heading": change.heading, "before": change.before, "after": change.after, "worse": change.worse, "eased": change.eased}
        for change in notice.changes
    ]
    untold = [{"part": each.part, "worse": each.worse, "eased": each.eased} for each in notice.untold]
    eased_until = notice.eased_until.isoformat() if notice.eased_until else None
    return {"worse": notice.worse, "worse_at_once": notice.worse_at_once, "eased_until": eased_until, "changes": changes, "untold": untold}
