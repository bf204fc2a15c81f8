"""`loyalty up`, `down`, `status` and `token`."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from loyalty.console import FAILED, OK, note, print_json, say
from loyalty.options import Broker, Data, Json, places_of
from loyalty.stack import state
from loyalty.stack.background import start_in_background, stop_in_background
from loyalty.stack.keys import OPERATOR, token_for
from loyalty.stack.programs import AUDIENCE
from loyalty.stack.run import Options, stack
from loyalty.stack.signals import Stopped, until_stopped
from loyalty.stack.view import show_whereabouts

Detach = Annotated[bool, typer.Option("--detach", "-d", help="Leave the stack running in the background.")]
Port = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, metavar="N", help="The gateway's port, if it is free; any free one where not given.", show_default=False),
]
Scopes = Annotated[list[str], typer.Option("--scope", metavar="SCOPE", help="What the token allows; repeat the option for several.")]
Subject = Annotated[str, typer.Option("--subject", metavar="ID", help="Whom it speaks for: a member's id for the /v1/me addresses.")]
Minutes = Annotated[int, typer.Option("--minutes", min=1, max=60 * 24 * 30, metavar="N", help="How long it is good for.")]

#: `loyalty status` when nothing runs, as service managers have it.
NOT_RUNNING = 3


def up(*, broker: Broker = None, detach: Detach = False, port: Port = None, data: Data = None) -> None:
    """Start broker, PostgreSQL and services on this machine.

    They stay until Ctrl-C, or with --detach until `loyalty down`. Where KAFKA_BOOTSTRAP_SERVERS or DATABASE_URL name servers, those are used.
    Everything is kept in one folder, `.local`, and listens on 127.0.0.1 only.

    Examples:
      loyalty up
      loyalty up --detach --port 8080
      loyalty up --broker tansu --data /tmp/try
    """
    places = places_of(data)
    if state.owner(places) is not None:
        found = state.read(places)
        note("It runs already." if found and found.ready else "It is starting already; `loyalty status` shows how far it is.")
        if found:
            show_whereabouts(found, places)
        return
    if detach:
        show_whereabouts(start_in_background(places, broker=broker, port=port), places)
        return
    try:
        asyncio.run(until_stopped(_stay(Options(places, broker=broker, gateway_port=port))))
    except Stopped:
        note("Stopped; nothing is left running.")


async def _stay(options: Options) -> None:
    async with stack(options, say=note) as supervisor:
        show_whereabouts(supervisor.state, options.places)
        note("Ctrl-C stops everything.")
        await asyncio.Event().wait()


def down(*, data: Data = None) -> None:
    """Stop what `loyalty up` started, in order, and leave its data where it is.

    Examples:
      loyalty down
      loyalty down --data .local/demo
    """
    places = places_of(data)
    if stop_in_background(places):
        say("Stopped; nothing is left running.")
    else:
        say(f"Nothing runs in {places.folder}.")


def status(*, as_json: Json = False, data: Data = None) -> None:
    """Show what runs, and where. Exit code 0: all well. 1: a service has failed. 3: nothing runs.

    Examples:
      loyalty status
      loyalty status --json
    """
    places = places_of(data)
    found = state.read(places)
    if found is None:
        starting = state.owner(places) is not None
        if as_json:
            print_json({"running": starting, "ready": False, "folder": str(places.folder)})
        else:
            say("Starting: broker and PostgreSQL come first." if starting else f"Nothing runs in {places.folder}.")
        raise typer.Exit(OK if starting else NOT_RUNNING)
    if as_json:
        print_json({"running": True, "folder": str(places.folder), **found.model_dump(mode="json", exclude={"verify_urls", "created"})})
    else:
        show_whereabouts(found, places)
    if any(service.failed for service in found.services.values()):
        raise typer.Exit(FAILED)


def token(*, scope: Scopes, subject: Subject = OPERATOR, minutes: Minutes = 60, data: Data = None) -> None:
    """Print a token (JWT) for the local stack, signed with its own key.

    The gateway's documentation names the scope of each address; for /v1/me it is `member`, with a member's id as subject.

    Examples:
      loyalty token --scope accounts:read --scope members:read
      loyalty token --scope member --subject 0b0c8a52-7f6e-4d0b-9a5e-2f1d3c4b5a69 --minutes 5
    """
    places = places_of(data)
    typer.echo(token_for(places, scopes=scope, audience=AUDIENCE, subject=subject, lifetime=timedelta(minutes=minutes)))
