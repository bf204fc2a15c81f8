"""`loyalty dlq`."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import typer

from loyalty.console import COULD_NOT, FAILED, INTERRUPTED, Failure, note, out, print_json, progress, say
from loyalty.dlq import view
from loyalty.dlq.options import Choice, Code, DryRun, Keys, Limit, Rate, Since, Source, Topic, Type, Until, Yes, choice_of
from loyalty.dlq.run import How, Share, carry_out, counted
from loyalty.hints import try_next
from loyalty.operators import Addresses, Answer, Operator, Service, Token, operators
from loyalty.options import Data, Json, places_of
from loyalty.stack.signals import Stopped, until_stopped
from shared.clock import utc_now

State = Annotated[
    Literal["waiting", "redriven", "discarded", "settled", "all"], typer.Option("--state", help="Where they stand; settled ones got another verdict.")
]
ListLimit = Annotated[int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="At most so many of each service.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="Its key, as `loyalty dlq list` shows it.")]

PAGE = 200
DOING = {"redrive": "Redriving", "discard": "Discarding"}


def list_letters(  # noqa: PLR0913  each is an option of its own
    *,
    state: State = "waiting",
    topic: Topic = None,
    type_: Type = None,
    code: Code = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    limit: ListLimit = 50,
    as_json: Json = False,
    service: Service = None,
    address: Addresses = None,
    token: Token = None,
    data: Data = None,
) -> None:
    """List records that a service could not handle and put aside, newest first.

    Examples:
      loyalty dlq list
      loyalty dlq list --service accrual --code internal-error --since 2h
      loyalty dlq list --state all --limit 1000 --json
    """
    given = None if state == "all" else state
    choice = choice_of(utc_now(), state=given, topic=topic, type=type_, code=code, source=source, since=since, until=until)

    async def collect() -> tuple[list[Answer], bool]:
        items, more = [], False
        async with operators(address, service, token, data) as services:
            for each in services:
                found, rest = await _pages(each, choice, limit)
                items += found
                more |= rest
        return items, more

    items, more = asyncio.run(collect())
    if as_json:
        print_json({"items": items, "more": more})
    elif items:
        out.print(view.listed(items), soft_wrap=True)
        note("There are more: see --limit." if more else f"One of them in full: {_hint('dlq show KEY', address, data)}")
    else:
        say("No dead letters." if state == "all" else f"No dead letters that match ({state}).")


def _hint(words: str, addresses: Addresses, data: Data) -> str:
    return f"loyalty {words} --address …" if addresses else try_next(words, places_of(data))


async def _pages(operator: Operator, choice: Choice, limit: int) -> tuple[list[Answer], bool]:
    items: list[Answer] = []
    cursor: str | None = None
    while len(items) < limit:
        asked = {**choice.filter, "limit": str(min(PAGE, limit - len(items)))} | ({"cursor": cursor} if cursor else {})
        page = await operator.get("/v1/dead-letters", **asked)
        items += [{"service": operator.service, **item} for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return items, False
    return items, True


def show(key: Key, *, as_json: Json = False, service: Service = None, address: Addresses = None, token: Token = None, data: Data = None) -> None:
    """Show one dead letter: why it is dead, and the record as it was.

    Examples:
      loyalty dlq show 5d7b7f6e0a4e8f1cb7a26f2e1d0c9b8a
      loyalty dlq show 5d7b7f6e0a4e8f1cb7a26f2e1d0c9b8a --json
    """
    choice_of(utc_now(), keys=[key])

    async def look() -> Answer:
        async with operators(address, service, token, data) as services:
            for each in services:
                found = await each.find(f"/v1/dead-letters/{key}")
                if found is not None:
                    return {"service": each.service, **found}
        raise Failure(f"No service knows the dead letter {key}.", advice="`loyalty dlq list --state all` shows those there are.", code=FAILED)

    found = asyncio.run(look())
    if as_json:
        print_json(found)
        return
    out.print(view.shown(found), soft_wrap=True)


def redrive(  # noqa: PLR0913  each is an option of its own
    *,
    key: Keys = None,
    topic: Topic = None,
    type_: Type = None,
    code: Code = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
    rate: Rate = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    service: Service = None,
    address: Addresses = None,
    token: Token = None,
    data: Data = None,
) -> None:
    """Send dead letters to their topics again, oldest first, once their cause is mended. Each keeps its event id, so each counts once.

    What still fails is put aside again, with one more attempt counted; try one first (--limit 1). Without a filter all that wait are meant.

    Examples:
      loyalty dlq redrive --service accrual --code internal-error --limit 1
      loyalty dlq redrive --code internal-error --since 2h --rate 50 --yes
      loyalty dlq redrive --key 5d7b7f6e0a4e8f1cb7a26f2e1d0c9b8a
      loyalty dlq redrive --dry-run --json
    """
    choice = choice_of(utc_now(), key, topic=topic, type=type_, code=code, source=source, since=since, until=until)
    where = {"addresses": address, "service": service, "token": token, "data": data}
    _repair("redrive", choice, where, limit=limit, rate=rate, dry_run=dry_run, yes=yes, as_json=as_json)


def discard(  # noqa: PLR0913  each is an option of its own
    *,
    key: Keys = None,
    topic: Topic = None,
    type_: Type = None,
    code: Code = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    service: Service = None,
    address: Addresses = None,
    token: Token = None,
    data: Data = None,
) -> None:
    """Let dead letters go that nobody can mend. Their records are deleted here and cannot be redriven; their verdict stays dead-lettered.

    Examples:
      loyalty dlq discard --key 5d7b7f6e0a4e8f1cb7a26f2e1d0c9b8a
      loyalty dlq discard --code not-json --source urn:shop:till-7 --yes
      loyalty dlq discard --code not-json --dry-run
    """
    choice = choice_of(utc_now(), key, topic=topic, type=type_, code=code, source=source, since=since, until=until)
    where = {"addresses": address, "service": service, "token": token, "data": data}
    _repair("discard", choice, where, limit=limit, rate=None, dry_run=dry_run, yes=yes, as_json=as_json)


def _repair(  # noqa: PLR0913  what the options said
    how: How, choice: Choice, where: dict[str, Any], *, limit: int | None, rate: float | None, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Count, ask, do, tell. Nobody is asked inside a loop that would then not hear Ctrl-C."""
    if choice.keys and limit is not None:
        raise Failure("--key names single dead letters: --limit does not go with it.", code=COULD_NOT)
    shares = asyncio.run(_count(how, choice, where, limit))
    total = sum(share.total for share in shares)
    if not as_json:
        (say if dry_run else note)(view.counts(shares, how, done=False))
    if total and not dry_run:
        if not yes:
            _confirm(how, total)
        try:
            asyncio.run(until_stopped(_carry_out(how, where, shares, rate)))
        except Stopped as error:
            done = sum(share.count for share in shares)
            raise Failure(f"Stopped after {done:,}.", advice="The same command goes on with the rest.", code=INTERRUPTED) from error
    if as_json:
        print_json({"dry_run": dry_run, "count": sum(share.count for share in shares), "services": {share.service: share.told() for share in shares}})
    elif total and not dry_run:
        say(view.counts(shares, how, done=True))
        if how == "redrive":
            note(f"What fails again waits again: {_hint('dlq list', where['addresses'], where['data'])}")


async def _count(how: How, choice: Choice, where: dict[str, Any], limit: int | None) -> list[Share]:
    async with operators(**where) as services:
        return await counted(how, services, choice, limit=limit)


async def _carry_out(how: How, where: dict[str, Any], shares: Sequence[Share], rate: float | None) -> None:
    async with operators(**where) as services:
        by_name = {each.service: each for each in services}
        with progress(DOING[how], total=sum(share.total for share in shares), unit="records") as advance:
            for share in shares:
                before = sum(each.count for each in shares)
                await carry_out(how, by_name[share.service], share, rate=rate, advance=lambda count, before=before: advance(before + count))  # type: ignore[misc]


def _confirm(how: How, total: int) -> None:
    if not sys.stdin.isatty():
        raise Failure(f"Nobody can be asked whether to {how} {total:,}.", advice="Add --yes, or --dry-run to only count.", code=COULD_NOT)
    if not typer.confirm(f"{how.capitalize()} {total:,}?", err=True):
        raise Failure("Nothing was done.", code=FAILED)
