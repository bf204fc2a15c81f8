"""P8: points put aside and used through the gateway, pair by pair at a steady pace, as tills do."""

from functools import partial

import orjson
import pace
from backlog import MERCHANT
from pace import Answers, Line, Question
from standing import Standing

from loyalty.console import Advance, Failure

#: How many usable points a member has who is asked: more than there will be pairs for each.
POINTS = 60


async def measure(here: Standing, *, per_second: int, seconds: float, advance: Advance) -> Answers:
    """Put one point aside and use it, for one member after the other; a pair takes from when it was due until the answer to its second command."""
    members = await here.members_with(POINTS)
    pairs = per_second * (pace.WARM_UP_SECONDS + seconds)
    if pairs > len(members) * POINTS:
        raise Failure(f"{len(members):,} members have {POINTS} points: too few for {pairs:,.0f} pairs.")
    return await pace.measure(here, partial(_pair, members), scopes=("holds:write",), per_second=per_second, seconds=seconds, advance=advance)


async def _pair(members: list[str], line: Line, number: int) -> None:
    wanted = {"holder": members[number % len(members)], "merchant": MERCHANT, "purchase_id": f"pair-{number}", "points": 1}
    held = orjson.loads(await line.ask(Question(line="POST /v1/holds", body=orjson.dumps(wanted), key=f"hold-{number}")))
    captured = await line.ask(Question(line=f"POST /v1/holds/{held['hold_id']}/capture", body=b"{}", key=f"capture-{number}"))
    if orjson.loads(captured)["captured"] != 1:
        raise Failure(f"A hold of one point was not captured: {captured.decode()}")
