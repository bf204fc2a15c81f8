"""Options of the commands that look at histories."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from loyalty.console import COULD_NOT, Failure

Mapping = Annotated[
    Path | None, typer.Option("--mapping", metavar="FILE", help="What the columns hold, as for `loyalty publish`; told by their names where not given.")
]
Html = Annotated[Path | None, typer.Option("--html", metavar="OUT", help="Write one page with charts, for people who decide.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Go on past rows that cannot be read and count them, instead of stopping at the first.")]

_SHARE = re.compile(r"(\d{1,4}(?:\.\d{1,4})?) ?%")


def share_of(text: Any) -> Fraction:
    """Read `12.5%`. Raises ValueError for anything else."""
    found = _SHARE.fullmatch(str(text))
    if found is None:
        raise ValueError(f"write a share with its sign, as 12.5%, instead of {text}")
    return Fraction(found[1]) / 100


def share_given(text: str, option: str) -> Fraction:
    """Read the share that an option was given, as 70%. Fails where it is none, or more than everything."""
    try:
        found = share_of(text)
    except ValueError as error:
        raise Failure(f"{option}: {error}.", code=COULD_NOT) from error
    if found > 1:
        raise Failure(f"{option}: {text} is more than everything.", code=COULD_NOT)
    return found
