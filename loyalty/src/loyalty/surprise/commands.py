"""`loyalty surprise`."""

from pathlib import Path
from typing import Annotated

import typer

from accrual.domain.rewards.surprises import faults, is_lucky
from loyalty.console import COULD_NOT, FAILED, Failure, note, print_json, say
from loyalty.options import Json
from loyalty.published import published_in

Shown = Annotated[Path, typer.Argument(metavar="FILE", help="What was published: the answer of GET /v1/surprises/PROGRAMME/SURPRISE.")]
Merchant = Annotated[str | None, typer.Option("--merchant", metavar="ID", help="Where the purchase was made.")]
PurchaseId = Annotated[str | None, typer.Option("--purchase", metavar="ID", help="The purchase whose lot is to be drawn again.")]
Commitment = Annotated[str | None, typer.Option("--commitment", metavar="HASH", help="The commitment as you noted it before.")]


def verify(shown: Shown, *, merchant: Merchant = None, purchase: PurchaseId = None, commitment: Commitment = None, as_json: Json = False) -> None:
    """Draw a purchase's lot again, from what was published of a surprise. Exit 0: the seed is what was promised; 1: it is not; 2: it cannot be read.

    Examples:
      loyalty surprise verify lucky.json
      loyalty surprise verify lucky.json --merchant corner-coffee --purchase 1042 --commitment 3f0c…
    """
    if (merchant is None) != (purchase is None):
        raise Failure("A purchase is named by its merchant and its id.", advice="Give both --merchant and --purchase.", code=COULD_NOT)
    read = published_in(shown, "/v1/surprises/PROGRAMME/SURPRISE", otherwise="It is not over: its seed is a secret, and the commitment is there to be noted.")
    found = faults(read, commitment=commitment)
    drawn = merchant is not None and purchase is not None and not found
    lucky = is_lucky(read["surprise"], read["chance"], bytes.fromhex(read["seed"]), merchant=merchant or "", purchase_id=purchase or "") if drawn else None
    if as_json:
        print_json({"faults": found, "lucky": lucky})
    elif not found:
        say("The seed is the one that was promised.")
        if lucky is not None:
            say(f"The lot {'fell' if lucky else 'did not fall'} on purchase {purchase} of {merchant}, with a chance of {read['chance']}.")
            note("A minimum, a budget or a last day may still have kept the gift back: the terms say which.")
        if commitment is None:
            note("That it was promised before is yours to know: note the commitment when you see it, and give it with --commitment.")
    if found:
        raise Failure("\n".join(found), advice="" if as_json else "Ask whoever runs the programme for the surprise as it was published.", code=FAILED)
