"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from loyalty.stack.places import Places, default_folder
from shared.local import BrokerKind

Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="LOYALTY_DATA", metavar="FOLDER", help="The stack's folder; `.local` in the project where not given.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Broker = Annotated[
    BrokerKind | None,
    typer.Option(
        "--broker",
        help="kafka needs Java 17 and Maven; tansu needs nothing and forgets on stop. Where not given: kafka if it can run here.",
        show_default=False,
    ),
]
BootstrapServers = Annotated[
    str | None,
    typer.Option(
        "--bootstrap-servers", metavar="ADDRESS", help="The broker; KAFKA_BOOTSTRAP_SERVERS or the local stack's where not given.", show_default=False
    ),
]


def places_of(data: Path | None) -> Places:
    """Turn the option into places."""
    return Places((data or default_folder()).resolve())
