"""P6: balances asked of the gateway at a steady pace."""

import pace
from pace import Answers, Question
from standing import MEMBERS, Standing

from loyalty.console import Advance


async def measure(here: Standing, *, per_second: int, seconds: float, advance: Advance) -> Answers:
    """Ask for one member's balance after the other's."""
    return await pace.measure(here, pace.asking(_question), scopes=("accounts:read", "members:read"), per_second=per_second, seconds=seconds, advance=advance)


def _question(number: int) -> Question:
    return Question(line=f"GET /v1/members/{MEMBERS[number % len(MEMBERS)].removeprefix('m:')}/balance")
