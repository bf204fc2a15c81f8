"""The `loyalty` command: its sub-commands, and what happens when one fails."""

import inspect
import logging
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import structlog
import typer

from loyalty.console import INTERRUPTED, Failure, note, show_failure

SETTINGS: dict[str, Any] = {"no_args_is_help": True, "rich_markup_mode": "rich", "pretty_exceptions_enable": False, "add_completion": False}
CONTEXT = {"help_option_names": ["-h", "--help"]}

#: Where each command lives. Only what is asked for is imported: who looks at a member need not wait for all that simulates.
COMMANDS: dict[str, str] = {
    "demo": "demo.command:demo",
    "up": "stack.commands:up",
    "down": "stack.commands:down",
    "status": "stack.commands:status",
    "till": "till.command:till",
    "token": "stack.commands:token",
    "publish": "publish.command:publish_file",
    "analyse": "analyse.command:analyse",
    "simulate": "simulate.command:simulate",
    "verify": "verify.command:verify",
}
GROUPS: dict[str, tuple[str, dict[str, str]]] = {
    "member": ("Look at a member's points, and why they are there.", {"show": "member.commands:show", "explain": "member.commands:explain"}),
    "dlq": (
        "Dead letters: what services could not handle. List, look at, redrive or discard them.",
        {
            "list": "dlq.commands:list_letters",
            "show": "dlq.commands:show",
            "redrive": "dlq.commands:redrive",
            "discard": "dlq.commands:discard",
        },
    ),
    "consumer": (
        "What services read: where each partition stands, and to let stopped ones go on.",
        {"list": "consumer.commands:list_partitions", "resume": "consumer.commands:resume"},
    ),
    "programme": (
        "Programme documents: begin one, check it, compare it, say it in words, and publish it by two people.",
        {
            "new": "programme.beginning:new",
            "check": "programme.checking:check",
            "diff": "programme.files:diff",
            "terms": "programme.files:terms",
            "publish": "programme.publishing:publish",
            "drafts": "programme.publishing:drafts",
            "approve": "programme.publishing:approve",
            "migrate": "programme.migrating:migrate",
        },
    ),
    "raffle": ("Draws that anybody can repeat.", {"verify": "raffle.commands:verify"}),
    "surprise": ("Lots of purchases that anybody can draw again.", {"verify": "surprise.commands:verify"}),
    "waiting": ("Returns, confirmations and cancellations whose purchase has not come.", {"list": "waiting.commands:list_waiting"}),
}


def command_line(asked: str | None = None) -> typer.Typer:
    """Build the command line: with the one command or group that is asked for, or, where that is no word of ours, with all."""
    cli = typer.Typer(
        name="loyalty",
        help="Run the loyalty platform on one machine, feed it, check it, look inside.\n\nStart with `loyalty demo`.",
        context_settings=CONTEXT,
        **SETTINGS,
    )
    cli.callback()(_nothing)
    known = asked in COMMANDS or asked in GROUPS
    for name, place in COMMANDS.items():
        if not known or name == asked:
            _add(cli, name, place)
    for name, (about, places) in GROUPS.items():
        if not known or name == asked:
            group = typer.Typer(help=about, **SETTINGS)
            group.callback()(_nothing)
            for own_name, place in places.items():
                _add(group, own_name, place)
            cli.add_typer(group, name=name)
    return cli


def _nothing() -> None:
    """Be there: without a callback, a command line of one command has no names."""


def _add(to: typer.Typer, name: str, place: str) -> None:
    module, _, function = place.partition(":")
    command: Callable[..., None] = getattr(import_module(f"loyalty.{module}"), function)
    to.command(name, help=_help(command))(command)


def _help(command: Callable[..., None]) -> str:
    """Take a command's help from its docstring; the examples keep their lines (that is what the mark says)."""
    return inspect.cleandoc(command.__doc__ or "").replace("\n\nExamples:", "\n\n\b\nExamples:")


def app(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    # What libraries of the services log is theirs to say in their own logs; here only errors matter, and never on stdout.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr), wrapper_class=structlog.make_filtering_bound_logger("error"))
    words = sys.argv[1:] if arguments is None else arguments
    try:
        code = command_line(words[0] if words else None)(args=words, standalone_mode=True)
    except Failure as failure:
        show_failure(failure)
        code = failure.code
    except KeyboardInterrupt:
        note("Interrupted.")
        code = INTERRUPTED
    sys.exit(code)
