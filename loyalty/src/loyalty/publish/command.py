"""`loyalty publish`."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import IO, Annotated

import typer

from contracts.catalogue import TOPICS
from loyalty.broker import address_of, incarnation, producing
from loyalty.console import COULD_NOT, INTERRUPTED, Advance, Failure, note, print_json, progress, say
from loyalty.options import BootstrapServers, Data, Json, places_of
from loyalty.publish.mapping import Converter, FileMapping, read_mapping
from loyalty.publish.pieces import Piece, pieces_of_csv, pieces_of_jsonl
from loyalty.publish.reading import LineReader, Reader, RowReader
from loyalty.publish.resume import SideFile
from loyalty.publish.run import Plan, Result, publish
from loyalty.stack.keys import Hasher
from loyalty.stack.places import Places
from loyalty.stack.signals import Stopped, until_stopped

STDIN = "-"

File = Annotated[str, typer.Argument(metavar="FILE", help="CloudEvents, one JSON object a line, or a CSV file with --mapping; - reads standard input.")]
Topic = Annotated[str | None, typer.Option("--topic", metavar="NAME", help="Refuse events of any other topic. Without it each goes where its type belongs.")]
MappingOption = Annotated[Path | None, typer.Option("--mapping", metavar="FILE", help="How the columns of a CSV file make events (YAML).")]
Rate = Annotated[float | None, typer.Option("--rate", min=0.1, metavar="N", help="At most so many events a second.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Go on past bad lines and count them, instead of stopping at the first.")]


def publish_file(  # noqa: PLR0913  each is an option of its own
    file: File,
    *,
    topic: Topic = None,
    mapping: MappingOption = None,
    rate: Rate = None,
    skip_bad: SkipBad = False,
    bootstrap_servers: BootstrapServers = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Publish events from a file: CloudEvents, one JSON object a line, or CSV with a mapping file.

    Each event is checked against its contract first. Running the same command again goes on where it was stopped; events keep their ids, so one
    sent twice counts once. Exit code 1: a line was refused, and is named with its number and reason.

    Examples:
      loyalty publish events.jsonl
      loyalty publish receipts.csv --mapping receipts.mapping.yaml
      loyalty publish events.jsonl --skip-bad --rate 100 --json
      loyalty publish - --topic loyalty.purchases.v1
    """
    places = places_of(data)
    address = address_of(bootstrap_servers, places)
    with ExitStack() as opened:
        stream = opened.enter_context(_open(file))
        pieces, read = _reading(stream, read_mapping(mapping) if mapping else None, topic, places)
        advance = opened.enter_context(progress("Publishing", unit="lines read"))
        try:
            result = asyncio.run(until_stopped(_run(Plan(pieces, read, None, skip_bad=skip_bad, rate=rate), file, address, advance)))
        except Stopped as error:
            raise Failure("Stopped.", advice="Running the same command again goes on here.", code=INTERRUPTED) from error
    _show(result, as_json=as_json)


async def _run(plan: Plan, file: str, address: str, advance: Advance) -> Result:
    side = None if file == STDIN else SideFile.beside(Path(file), broker=await incarnation(address))
    async with producing(address) as send:
        return await publish(replace(plan, side=side), send=send, advance=advance)


def _open(file: str) -> AbstractContextManager[IO[bytes]]:
    if file == STDIN:
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise Failure(f"Cannot read {file}: {error.strerror}.", code=COULD_NOT) from error


def _reading(stream: IO[bytes], mapping: FileMapping | None, topic: str | None, places: Places) -> tuple[Iterator[Piece], Reader]:
    if topic is not None and topic not in TOPICS:
        raise Failure(f"There is no topic {topic}.", advice=f"There are: {', '.join(sorted(TOPICS))}.", code=COULD_NOT)
    if mapping is None:
        return pieces_of_jsonl(stream), LineReader(topic)
    pieces = pieces_of_csv(stream, delimiter=mapping.delimiter, group_by=mapping.group_by)
    return pieces, RowReader(Converter(mapping, Hasher(places.keys).holder_of), topic)


def _show(result: Result, *, as_json: bool) -> None:
    if as_json:
        bad = [{"line": line, "reason": reason} for line, reason in result.bad]
        print_json({"published": result.published, "skipped": result.skipped, "published_before": result.resumed, "bad": bad})
        return
    before = f" {result.resumed:,} were published before." if result.resumed else ""
    say(f"{result.published:,} {'event' if result.published == 1 else 'events'} published and acknowledged.{before}")
    for line, reason in result.bad:
        note(f"line {line}: {reason}")
    if result.skipped:
        note(f"{result.skipped:,} bad lines skipped.")
