"""How the command speaks: results on stdout, everything else on stderr, and errors that say what to do next."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

#: Exit codes, the same for every command.
OK, FAILED, COULD_NOT, INTERRUPTED = 0, 1, 2, 130

out = Console(soft_wrap=False, highlight=False)
err = Console(stderr=True, highlight=False)


class Failure(Exception):  # noqa: N818  it is what the user meets, not an error of the program
    """The command cannot go on. Says what is wrong, and what helps."""

    def __init__(self, what: str, *, advice: str = "", code: int = FAILED) -> None:
        super().__init__(what)
        self.what, self.advice, self.code = what, advice, code


def show_failure(failure: Failure) -> None:
    """Print a failure to stderr: the fact in red, the advice below it."""
    err.print(Text(failure.what, style="bold red"), soft_wrap=True)
    if failure.advice:
        note(failure.advice)


def note(text: str) -> None:
    """Say something beside the results."""
    err.print(text, soft_wrap=True, markup=False)


def say(text: str) -> None:
    """Print one line of the results."""
    out.print(text, soft_wrap=True, markup=False)


def print_json(value: Mapping[str, Any] | list[Any]) -> None:
    """Print one JSON value on one line of stdout, nothing around it."""
    sys.stdout.write(orjson.dumps(value, default=str).decode() + "\n")
    sys.stdout.flush()


class Advance(Protocol):
    """Tells how far the work has come."""

    def __call__(self, done: int, *, total: int | None = None) -> None:
        """Set the count done, and the total if it became known."""


@contextmanager
def progress(title: str, *, total: int | None = None, unit: str = "events") -> Iterator[Advance]:
    """Show progress on stderr: a bar in a terminal, otherwise one plain line at the start and one at the end."""
    if err.is_terminal:
        with _bar(title, total) as advance:
            yield advance
        return
    last = 0

    def remember(done: int, *, total: int | None = None) -> None:  # noqa: ARG001  a plain line has no use for the total
        nonlocal last
        last = done

    err.print(f"{title} …", soft_wrap=True)
    yield remember
    if last:
        err.print(f"{title}: {last:,} {unit}", soft_wrap=True)


@contextmanager
def _bar(title: str, total: int | None) -> Iterator[Advance]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as bars:
        task = bars.add_task(title, total=total)

        def advance(done: int, *, total: int | None = None) -> None:
            bars.update(task, completed=done, total=total)

        yield advance
