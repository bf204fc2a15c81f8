"""The `loyalty` command: its sub-commands, and what happens when one fails."""

import inspect
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any

import structlog
import typer

from loyalty.console import INTERRUPTED, Failure, note, show_failure
from loyalty.demo.command import demo
from loyalty.member.commands import explain, show
from loyalty.publish.command import publish_file
from loyalty.stack.commands import down, status, token, up
from loyalty.verify.command import verify

SETTINGS: dict[str, Any] = {"no_args_is_help": True, "rich_markup_mode": "rich", "pretty_exceptions_enable": False, "add_completion": False}
CONTEXT = {"help_option_names": ["-h", "--help"]}

cli = typer.Typer(
    name="loyalty",
    help="Run the loyalty platform on one machine, feed it, check it, look inside.\n\nStart with `loyalty demo`.",
    context_settings=CONTEXT,
    **SETTINGS,
)
member = typer.Typer(help="Look at a member's points, and why they are there.", **SETTINGS)


def _help(command: Callable[..., None]) -> str:
    """Take a command's help from its docstring; the examples keep their lines (that is what the mark says)."""
    return inspect.cleandoc(command.__doc__ or "").replace("\n\nExamples:", "\n\n\b\nExamples:")


COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "up": up,
    "down": down,
    "status": status,
    "token": token,
    "publish": publish_file,
    "verify": verify,
}
for name, command in COMMANDS.items():
    cli.command(name, help=_help(command))(command)
member.command("show", help=_help(show))(show)
member.command("explain", help=_help(explain))(explain)
cli.add_typer(member, name="member")


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
