"""Options by which dead letters are chosen."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import typer

from loyalty.console import COULD_NOT, Failure

Topic = Annotated[str | None, typer.Option("--topic", metavar="NAME", help="Of this topic.", show_default=False)]
Type = Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Events of this type.", show_default=False)]
Code = Annotated[str | None, typer.Option("--code", metavar="CODE", help="That failed for this reason, for example internal-error.", show_default=False)]
Source = Annotated[str | None, typer.Option("--source", metavar="URI", help="Sent by this source.", show_default=False)]
Since = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="That failed since: a time with its offset, or as 30m, 2h, 7d ago.", show_default=False)
]
Until = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="That failed until then; written as --since.", show_default=False)]
Keys = Annotated[list[str] | None, typer.Option("--key", metavar="KEY", help="This one; repeat it for several. No other filter goes with it.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="At most so many of each service, oldest first.", show_default=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say how many there are; change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it is done.")]
Rate = Annotated[float | None, typer.Option("--rate", min=0.1, metavar="N", help="At most so many a second.", show_default=False)]

_KEY = re.compile(r"[0-9a-f]{32}")
_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which dead letters are meant: these keys, or what the filter leaves."""

    filter: Mapping[str, str]
    keys: tuple[str, ...] = ()


def choice_of(now: datetime, keys: list[str] | None = None, **fields: str | None) -> Choice:
    """Read the options. Fails where they contradict each other or say nothing that can be understood."""
    given = {name: value for name, value in fields.items() if value is not None}
    if keys and given:
        raise Failure("--key names single dead letters: no other filter goes with it.", code=COULD_NOT)
    for key in keys or ():
        if not _KEY.fullmatch(key):
            raise Failure(f"{key!r} is no key of a dead letter.", advice="`loyalty dlq list` shows them: 32 hexadecimal digits.", code=COULD_NOT)
    for name in ("since", "until"):
        if name in given:
            given[name] = moment(given[name], now=now).isoformat()
    return Choice(given, tuple(dict.fromkeys(keys or ())))


def moment(text: str, *, now: datetime) -> datetime:
    """Read `2026-03-01T09:12:00Z`, or `2h` for two hours ago."""
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.tzinfo is None:
        raise Failure(f"{text!r} is no time.", advice="Write 30m, 2h or 7d for so long ago, or a time with its offset: 2026-03-01T09:12:00Z.", code=COULD_NOT)
    return found
