"""Repairs dead letters through the services: counted first, then done piece by piece at the rate that is wished."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from loyalty.console import FAILED, Failure
from loyalty.dlq.options import Choice
from loyalty.operators import Answer, Operator
from loyalty.publish.pace import Pace

How = Literal["redrive", "discard"]
#: As many as a service takes at once.
MOST_AT_ONCE = 500


@dataclass(slots=True)
class Share:
    """One service's part of the work: what is asked of it, and what it did."""

    service: str
    ask: Answer
    total: int = 0
    matching: Counter[str] = field(default_factory=Counter)
    count: int = 0
    by_code: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    def told(self) -> dict[str, Any]:
        """Say it for `--json`."""
        return {"matching": dict(self.matching), "chosen": self.total, "count": self.count, "by_code": dict(self.by_code), "skipped": dict(self.skipped)}


async def counted(how: How, operators: Sequence[Operator], choice: Choice, *, limit: int | None) -> list[Share]:
    """Ask each service how many there are; nothing is changed. Fails if a key is known nowhere."""
    shares = []
    for operator, ask in await _asks(operators, choice):
        share = Share(operator.service, ask)
        for piece in [{"keys": part} for part in _parts(ask["keys"], MOST_AT_ONCE)] if "keys" in ask else [ask]:
            answer = await operator.post(f"/v1/dead-letters/{how}", {**piece, "dry_run": True})
            share.matching.update(answer["matching"])
            share.skipped.update(answer["skipped"])
            if "filter" in ask:
                share.ask = {"filter": {**ask["filter"], "until": _earlier(ask["filter"].get("until"), answer["as_of"])}}
        share.total = min(share.matching.total(), limit or share.matching.total())
        shares.append(share)
    return shares


def _earlier(until: str | None, as_of: str) -> str:
    """Stop at what had failed when it was counted: what fails again meanwhile is not ours, or we would go round in circles."""
    return as_of if until is None else min(until, as_of, key=datetime.fromisoformat)


async def _asks(operators: Sequence[Operator], choice: Choice) -> list[tuple[Operator, Answer]]:
    if not choice.keys:
        return [(operator, {"filter": dict(choice.filter)}) for operator in operators]
    asks: list[tuple[Operator, Answer]] = []
    missing = set(choice.keys)
    for operator in operators:
        here = [key for key in choice.keys if await operator.find(f"/v1/dead-letters/{key}") is not None]
        missing -= set(here)
        if here:
            asks.append((operator, {"keys": here}))
    if missing:
        raise Failure(f"No service knows {' or '.join(sorted(missing))}.", advice="`loyalty dlq list` shows the keys there are.", code=FAILED)
    return asks


async def carry_out(how: How, operator: Operator, share: Share, *, rate: float | None, advance: Callable[[int], None]) -> None:
    """Do a share: at most as many as were counted, each piece a transaction of its own, and none of those that fail again meanwhile."""
    pace = Pace(rate)
    share.skipped.clear()  # said anew by those who do it
    if "keys" in share.ask:
        for part in _parts(share.ask["keys"], pace.chunk):
            await _piece(how, operator, share, {"keys": part}, pace)
            advance(share.count)
        return
    while share.count < share.total:
        before = share.count
        await _piece(how, operator, share, {**share.ask, "limit": min(pace.chunk, share.total - share.count)}, pace)
        advance(share.count)
        if share.count == before:
            break  # somebody else was faster


async def _piece(how: How, operator: Operator, share: Share, body: Answer, pace: Pace) -> None:
    await pace.wait(body.get("limit") or len(body["keys"]))
    answer = await operator.post(f"/v1/dead-letters/{how}", body)
    share.count += answer["count"]
    share.by_code.update(answer["by_code"])
    share.skipped = Counter(answer["skipped"]) if "filter" in body else share.skipped + Counter(answer["skipped"])


def _parts(keys: Sequence[str], size: int) -> list[list[str]]:
    return [list(keys[start : start + size]) for start in range(0, len(keys), size)]
