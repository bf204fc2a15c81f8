"""The `loyalty` command: its sub-commands, and what happens when one fails."""

import inspect
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any

import structlog
import typer

from loyalty.analyse.command import analyse
from loyalty.console import INTERRUPTED, Failure, note, show_failure
from loyalty.consumer.commands import list_partitions, resume
from loyalty.demo.command import demo
from loyalty.dlq import commands as dead_letters
from loyalty.member.commands import explain, show
from loyalty.programme import publishing as programme_publishing
from loyalty.programme.beginning import new
from loyalty.programme.checking import check
from loyalty.programme.files import diff, terms
from loyalty.programme.migrating import migrate
from loyalty.publish.command import publish_file
from loyalty.raffle.commands import verify as repeat_draw
from loyalty.simulate.command import simulate
from loyalty.stack.commands import down, status, token, up
from loyalty.till.command import till
from loyalty.verify.command import verify
from loyalty.waiting.commands import list_waiting

SETTINGS: dict[str, Any] = {"no_args_is_help": True, "rich_markup_mode": "rich", "pretty_exceptions_enable": False, "add_completion": False}
CONTEXT = {"help_option_names": ["-h", "--help"]}

cli = typer.Typer(
    name="loyalty",
    help="Run the loyalty platform on one machine, feed it, check it, look inside.\n\nStart with `loyalty demo`.",
    context_settings=CONTEXT,
    **SETTINGS,
)
GROUPS: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
    "member": ("Look at a member's points, and why they are there.", {"show": show, "explain": explain}),
    "dlq": (
        "Dead letters: what services could not handle. List, look at, redrive or discard them.",
        {"list": dead_letters.list_letters, "show": dead_letters.show, "redrive": dead_letters.redrive, "discard": dead_letters.discard},
    ),
    "consumer": ("What services read: where each partition stands, and to let stopped ones go on.", {"list": list_partitions, "resume": resume}),
    "programme": (
        "Programme documents: begin one, check it, compare it, say it in words, and publish it by two people.",
        {
            "new": new,
            "check": check,
            "diff": diff,
            "terms": terms,
            "publish": programme_publishing.publish,
            "drafts": programme_publishing.drafts,
            "approve": programme_publishing.approve,
            "migrate": migrate,
        },
    ),
    "raffle": ("Draws that anybody can repeat.", {"verify": repeat_draw}),
    "waiting": ("Returns, confirmations and cancellations whose purchase has not come.", {"list": list_waiting}),
}


def _help(command: Callable[..., None]) -> str:
    """Take a command's help from its docstring; the examples keep their lines (that is what the mark says)."""
    return inspect.cleandoc(command.__doc__ or "").replace("\n\nExamples:", "\n\n\b\nExamples:")


COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "up": up,
    "down": down,
    "status": status,
    "till": till,
    "token": token,
    "publish": publish_file,
    "analyse": analyse,
    "simulate": simulate,
    "verify": verify,
}
for name, command in COMMANDS.items():
    cli.command(name, help=_help(command))(command)
for name, (about, members) in GROUPS.items():
    group = typer.Typer(help=about, **SETTINGS)
    for own_name, command in members.items():
        group.command(own_name, help=_help(command))(command)
    cli.add_typer(group, name=name)


def app(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    # What libraries of the services log is theirs to say in their own logs; here only errors matter, and never on stdout.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr), wrapper_class=structlog.make_filtering_bound_logger("error"))
    try:
        code = cli(args=arguments, standalone_mode=True)
    except Failure as failure:
        show_failure(failure)
        code = failure.code
    except KeyboardInterrupt:
        note("Interrupted.")
        code = INTERRUPTED
    sys.exit(code)
