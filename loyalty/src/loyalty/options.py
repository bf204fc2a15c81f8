"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from loyalty.stack.places import Places, default_folder

Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="LOYALTY_DATA", metavar="FOLDER", help="The stack's folder; `.local` in the project where not given.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def places_of(data: Path | None) -> Places:
    """Turn the option into places."""
    return Places((data or default_folder()).resolve())
