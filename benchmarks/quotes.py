"""P7: carts of twenty lines quoted by the gateway at a steady pace, under ten earning rules and three discounts."""

from random import Random  # noqa: TID251  seeded: the carts have to be the same in every run

import orjson
import pace
from backlog import MERCHANT, line
from pace import Answers, Question
from standing import MEMBERS, Standing

from loyalty.console import Advance

LINES = 20
#: Different carts, so that nothing remembers the last one.
CARTS = 500


async def measure(here: Standing, *, per_second: int, seconds: float, seed: int, advance: Advance) -> Answers:
    """Ask what one member after the other would pay for one cart after the other."""
    random = Random(seed)
    questions = [Question(line="POST /v1/quotes", body=_cart(random, holder)) for holder in MEMBERS[:CARTS]]
    return await pace.measure(
        here, pace.asking(lambda number: questions[number % len(questions)]), scopes=("quotes:read",), per_second=per_second, seconds=seconds, advance=advance
    )


def _cart(random: Random, holder: str) -> bytes:
    lines = [line(random, place) for place in range(1, LINES + 1)]
    cart = {"merchant": MERCHANT, "store": "store-007", "zone": "Europe/Berlin", "lines": lines, "currency": "EUR"}
    return orjson.dumps({"holder": holder, "purchase": cart})
