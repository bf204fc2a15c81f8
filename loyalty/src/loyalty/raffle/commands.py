"""`loyalty raffle`."""

from pathlib import Path
from typing import Annotated

import typer

from accrual.domain.rewards.raffles import faults
from loyalty.console import FAILED, Failure, note, print_json, say
from loyalty.options import Json
from loyalty.published import published_in

Draw = Annotated[Path, typer.Argument(metavar="FILE", help="What was published of the draw: the answer of GET /v1/raffles/PROGRAMME/RAFFLE.")]
Commitment = Annotated[str | None, typer.Option("--commitment", metavar="HASH", help="The commitment as you noted it before the draw.")]
Digest = Annotated[str | None, typer.Option("--digest", metavar="HASH", help="The digest of the tickets as you noted it when they were closed.")]


def verify(draw: Draw, *, commitment: Commitment = None, digest: Digest = None, as_json: Json = False) -> None:
    """Repeat a draw from what was published of it, and nothing else. Exit 0: it is what was promised; 1: it is not; 2: it cannot be read.

    It looks at the promise (seed, terms, beacon), at the list of tickets, at who was closed and drawn when, and at the winners.

    Examples:
      loyalty raffle verify spring.json
      loyalty raffle verify spring.json --commitment 3f0c… --digest 77ab…
    """
    read = published_in(draw, "/v1/raffles/PROGRAMME/RAFFLE", otherwise="Before the draw there is a commitment alone: note it.")
    found = faults(read, commitment=commitment, digest=digest)
    if as_json:
        print_json({"faults": found})
    elif not found:
        say("The winners follow from the seed that was promised, from the beacon, and from the tickets that were listed before it was known.")
        say(f"Yours to look up: {read['beacon_source']} was {read['beacon']}.")
        if commitment is None or digest is None:
            note(
                "That both were published before is yours to know: note commitment and digest when you see them, and give them with --commitment and --digest."
            )
    if found:
        raise Failure("\n".join(found), advice="" if as_json else "Ask whoever drew for the draw as it was published.", code=FAILED)
