"""`loyalty publish`."""

import asyncio
import io
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Annotated

import typer
from contracts.identifiers import identifier_hash

from loyalty.broker import address_of, producing
from loyalty.console import COULD_NOT, Failure, note, out, print_json, progress
from loyalty.options import BootstrapServers, Data, Json, places_of
from loyalty.publish.mapping import Converter, FileMapping, read_mapping
from loyalty.publish.pieces import Piece, pieces_of_csv, pieces_of_jsonl
from loyalty.publish.reading import LineReader, RowReader
from loyalty.publish.resume import SideFile
from loyalty.publish.run import Plan, Result, publish
from loyalty.stack.keys import holder_of

STDIN = "-"

File = Annotated[str, typer.Argument(metavar="FILE", help="CloudEvents, one JSON object a line, or a CSV file with --mapping; - reads standard input.")]
Topic = Annotated[str | None, typer.Option("--topic", metavar="NAME", help="Refuse events of any other topic. Without it each goes where its type belongs.")]
MappingOption = Annotated[Path | None, typer.Option("--mapping", metavar="FILE", help="How the columns of a CSV file make events (YAML).")]
Rate = Annotated[float | None, typer.Option("--rate", min=0.1, metavar="N", help="At most so many events a second.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Go on past bad lines and count them, instead of stopping at the first.")]
