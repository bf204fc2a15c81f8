"""`loyalty raffle`."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from accrual.domain.rewards.raffles import faults
from loyalty.console import COULD_NOT, FAILED, Failure, note, print_json, say
from loyalty.options import Json

Draw = Annotated[Path, typer.Argument(metavar="FILE", help="What was published of the draw: the answer of GET /v1/raffles/PROGRAMME/RAFFLE.")]
Commitment = Annotated[str | None, typer.Option("--commitment", metavar="HASH", help="The commitment as you noted it before the draw.")]


def verify(draw: Draw, *, commitment: Commitment = None, as_json: Json = False) -> None:
    """Repeat a draw from what was published of it, and nothing else. Exit 0: it is what was promised; 1: it is not; 2: it cannot be read.

    Examples:
      loyalty raffle verify spring.json
      loyalty raffle verify spring.json --commitment 3f0c…
    """
    found = faults(_read(draw), commitment=commitment)
    if as_json:
        print_json({"faults": found})
    elif not found:
        say("The winners follow from the seed that was promised, and from the tickets.")
        if commitment is None:
            note("That the promise was made before is yours to know: note the commitment when it is published, and give it with --commitment.")
    if found:
        raise Failure("\n".join(found), advice="" if as_json else "Ask whoever drew for the draw as it was published.", code=FAILED)


def _read(path: Path) -> dict[str, Any]:
    try:
        read = orjson.loads(path.read_bytes())
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}.", code=COULD_NOT) from None
    except orjson.JSONDecodeError:
        raise Failure(f"{path} is not JSON.", advice="Save the answer of GET /v1/raffles/PROGRAMME/RAFFLE as it is.", code=COULD_NOT) from None
    if not isinstance(read, dict) or not read.get("seed"):
        raise Failure(f"{path} shows no draw.", advice="Before the draw there is a commitment alone: note it.", code=COULD_NOT)
    return read
