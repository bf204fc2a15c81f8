"""The `loyalty` command: its sub-commands, and what happens when one fails."""

import sys
from collections.abc import Sequence

import typer

from loyalty.console import INTERRUPTED, Failure, note, show_failure
from loyalty.verify.command import verify

cli = typer.Typer(
    name="loyalty",
    help="Run the loyalty platform on one machine, feed it, check it, look inside.\n\nStart with `loyalty demo`.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cli.command()(verify)


def app(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    try:
        code = cli(args=arguments, standalone_mode=True)
    except Failure as failure:
        show_failure(failure)
        code = failure.code
    except KeyboardInterrupt:
        note("Interrupted.")
        code = INTERRUPTED
    sys.exit(code)
