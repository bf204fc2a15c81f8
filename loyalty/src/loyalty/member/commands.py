"""`loyalty member`."""

from typing import Annotated, Any
from uuid import UUID

import typer

from loyalty.console import note, out, print_json
from loyalty.member import view
from loyalty.member.gateway import SCOPES, Gateway
from loyalty.member.reference import WHAT, WHO, Identifier, what, who
from loyalty.options import Data, Json, places_of
from loyalty.stack import state
from loyalty.stack.keys import token_for

Who = Annotated[str, typer.Argument(metavar="WHO", help=WHO)]
What = Annotated[str, typer.Argument(metavar="WHAT", help=WHAT)]
GatewayUrl = Annotated[
    str | None, typer.Option("--gateway", envvar="LOYALTY_GATEWAY", metavar="URL", help="The gateway; the local stack's where not given.", show_default=False)
]
Token = Annotated[
    str | None, typer.Option("--token", envvar="LOYALTY_TOKEN", metavar="JWT", help="A token; one of the local stack where not given.", show_default=False)
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, metavar="N", help="So many changes of the history.")]

DEFAULT_LIMIT = 20


def show(who_: Who, *, limit: Limit = DEFAULT_LIMIT, as_json: Json = False, gateway: GatewayUrl = None, token: Token = None, data: Data = None) -> None:
    """Show a member's balance by bucket, what expires next, and the history with its reasons.

    A guest, known by an identifier that nobody has registered, has a balance that waits.

    Examples:
      loyalty member show card:9000123412341233
      loyalty member show email:ana@example.org --limit 5
      loyalty member show 0b0c8a52-7f6e-4d0b-9a5e-2f1d3c4b5a69 --json
    """
    subject = who(who_)
    with connect(gateway, token, data) as api:
        found = look(api, subject, limit=limit)
    if as_json:
        print_json(found)
        return
    print_member(found)


def explain(what_: What, *, as_json: Json = False, gateway: GatewayUrl = None, token: Token = None, data: Data = None) -> None:
    """Explain a grant, or a purchase: every rule that gave points, and why the others gave none.

    Examples:
      loyalty member explain cdnow/cdnow-0001
      loyalty member explain 5d7b7f6e-0a4e-8f1c-b7a2-6f2e1d0c9b8a
      loyalty member explain cdnow/cdnow-0001 --json
    """
    subject = what(what_)
    with connect(gateway, token, data) as api:
        answer = api.grant(subject) if isinstance(subject, UUID) else api.purchase(subject)
    if as_json:
        print_json(answer)
        return
    if isinstance(subject, UUID):
        out.print(view.explained(f"Grant {subject}: {view.cause_of(answer['cause'])}", answer.get("explanation")))
        return
    for decision in answer["revisions"]:
        reason = f" ({decision['reason']})" if decision.get("reason") else ""
        out.print(view.explained(f"Purchase {what_}, revision {decision['revision']}: {decision['verdict']}{reason}", decision.get("explanation")))


def connect(gateway: str | None, token: str | None, data: Data) -> Gateway:
    """Open the gateway: the one given, or the local stack's with a token of its own key."""
    if gateway and token:
        return Gateway(gateway, token)
    places = places_of(data)
    stack = state.running(places)
    return Gateway(gateway or stack.services["gateway"].url, token or token_for(places, scopes=SCOPES, audience=stack.audience))


def look(api: Gateway, subject: UUID | Identifier, *, limit: int) -> dict[str, Any]:
    """Collect what the gateway says of somebody. The history of a guest is not shown to anyone: only totals wait."""
    if isinstance(subject, Identifier):
        found = api.look_up(subject)
        member = found["member"]
        if member is None:
            return {"identifier": found["identifier"], "member": None, "accounts": found["accounts"] or [], "history": []}
        subject = UUID(member["member_id"])
    return {
        "identifier": None,
        "member": api.member(subject),
        "accounts": api.balance(subject)["accounts"],
        "history": api.history(subject, limit=limit),
    }


def print_member(found: dict[str, Any]) -> None:
    """Print balance and history."""
    member = found["member"]
    if member is None:
        out.print("[bold]A guest[/]: nobody has registered this identifier." if found["accounts"] else "Nobody has used this identifier yet.")
    else:
        out.print(f"[bold]Member {member['member_id']}[/], {member['status']}, registered {view.day(member['registered_at'])}", soft_wrap=True)
    if found["accounts"]:
        out.print(view.balances(found["accounts"]))
    if found["history"]:
        out.print(view.history(found["history"]))
        note("One of them in full: loyalty member explain MERCHANT/PURCHASE-ID")
