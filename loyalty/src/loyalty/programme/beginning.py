"""`loyalty programme new`: five questions, and a commented document to start from."""

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from loyalty.console import COULD_NOT, Failure, err, note, say
from loyalty.programme.reading import refused
from shared.clock import utc_now


class Kind(StrEnum):
    """What a programme is for."""

    INDIVIDUAL = "individual"
    COALITION = "coalition"
    DISCOUNT = "discount"
    CAMPAIGN = "campaign"
    B2B = "b2b"
    PRIVILEGES = "privileges"


File = Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it. Its name, without .yaml, becomes the programme's id.")]
WhichKind = Annotated[Kind, typer.Option("--kind", help="What the programme is for.")]
Name = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="What members call the programme.", show_default=False)]
Seller = Annotated[str | None, typer.Option("--seller", metavar="ID", help="The merchant whose purchases count.", show_default=False)]
Currency = Annotated[str | None, typer.Option("--currency", metavar="CODE", help="The currency of prices, as EUR.", show_default=False)]
Zone = Annotated[str | None, typer.Option("--zone", metavar="NAME", help="The time zone of its calendar, as Europe/Berlin.", show_default=False)]
Percent = Annotated[str | None, typer.Option("--percent", metavar="N", help="How much of what members pay comes back to them.", show_default=False)]

#: The options, and what is asked where they are not given.
QUESTIONS = {
    "name": ("What do members call the programme?", "Our club"),
    "seller": ("Which merchant id do the tills send?", "my-shop"),
    "currency": ("In which currency are prices?", "EUR"),
    "zone": ("In which time zone are the stores?", "Europe/Berlin"),
    "percent": ("How much of what members pay shall come back to them, in percent?", "5"),
}
_LARGEST = 50


def new(
    file: File,
    *,
    kind: WhichKind = Kind.INDIVIDUAL,
    name: Name = None,
    seller: Seller = None,
    currency: Currency = None,
    zone: Zone = None,
    percent: Percent = None,
) -> None:
    """Write a commented programme document to start from. What no option says is asked.

    Examples:
      loyalty programme new my-club.yaml
      loyalty programme new my-club.yaml --kind discount --name "My club" --seller my-shop --currency EUR --zone Europe/Berlin --percent 5
    """
    if file.exists():
        raise Failure(f"{file} exists already.", advice="Choose another name, or remove it.", code=COULD_NOT)
    given = {"name": name, "seller": seller, "currency": currency, "zone": zone, "percent": percent}
    answers = {key: answer if answer is not None else _asked(key) for key, answer in given.items()}
    text = begun(kind, programme=file.name.removesuffix(".yaml"), starts=(utc_now() + timedelta(days=1)).date().isoformat(), answers=answers)
    try:
        read(text)
    except DocumentError as error:
        raise refused(file, error.problems) from error
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror}.", code=COULD_NOT) from error
    say(f"Written to {file}.")
    note(f"Read it, change it, and check it: loyalty programme check {file}")


def begun(kind: Kind, *, programme: str, starts: str, answers: dict[str, str]) -> str:
    """Return the document of a kind. Fails where a percentage is none; everything else is for `check` to say."""
    share = _share(answers["percent"])
    figures = {
        "share": _written(share),
        "half": _written(share / 2),
        "double": _written(share * 2),
        "step": _written((Decimal(100) / share).quantize(Decimal("0.01"))),
    }
    quoted = {"name": '"' + answers["name"].replace("\\", "").replace('"', "'") + '"', "seller": answers["seller"].strip() or '""'}
    template = files("loyalty.programme").joinpath("kinds", f"{kind.value}.yaml").read_text(encoding="utf-8")
    return Template(template).substitute(answers, **quoted, **figures, programme=programme, starts=starts)


def _asked(key: str) -> str:
    question, example = QUESTIONS[key]
    if not err.is_terminal:
        raise Failure(f"--{key} is missing.", advice=f"{question} For example: --{key} {example!r}", code=COULD_NOT)
    answer: str = typer.prompt(question, default=example, err=True)
    return answer


def _share(text: str) -> Decimal:
    try:
        share = Decimal(text.strip().removesuffix("%").strip())
    except InvalidOperation:
        share = Decimal(0)
    if not 0 < share <= _LARGEST:
        raise Failure(f"{text!r} is no percentage from 0.01 to {_LARGEST}.", advice="Write a number, as 5.", code=COULD_NOT)
    return share


def _written(number: Decimal) -> str:
    return format(number.normalize(), "f")
