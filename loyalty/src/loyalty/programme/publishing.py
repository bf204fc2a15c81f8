"""`loyalty programme publish`, `drafts` and `approve`: a document is proposed by one person and approved by another."""

from typing import Annotated

import typer

from loyalty.console import note, print_json, say
from loyalty.hints import try_next
from loyalty.options import Data, Json, places_of
from loyalty.programme.files import File
from loyalty.programme.reading import document_of, text_of
from loyalty.programme.service import Accrual, Address, Answer, As, Token
from loyalty.stack.keys import OPERATOR

DRAFTS = "/v1/programme-drafts"

Alone = Annotated[bool, typer.Option("--alone", help="Publish at once, without a second person. For trying things: production refuses it.")]
DraftId = Annotated[str, typer.Argument(metavar="DRAFT", help="The id that `publish` printed, or `drafts` lists.")]


def publish(
    file: File, *, alone: Alone = False, as_json: Json = False, address: Address = None, token: Token = None, subject: As = OPERATOR, data: Data = None
) -> None:
    """Propose a programme document: somebody else approves it, and it is in force from its date.

    A version that takes something from members is refused if it begins before the notice period is over. A published version never changes.

    Examples:
      loyalty programme publish my-club.yaml --as mara
      loyalty programme publish programmes/quickstart.yaml --alone
    """
    document_of(file)  # so that mistakes are found here, with their lines, before anybody is asked
    accrual = Accrual.of(address, token, data, scopes=["programmes:write"], subject=subject)
    content = text_of(file).encode()
    if alone:
        _published(accrual.send("/v1/programmes", content, media_type="application/yaml", source=file), as_json=as_json)
        return
    draft = accrual.send(DRAFTS, content, media_type="application/yaml", source=file)
    if as_json:
        print_json(draft)
        return
    say(f"Proposed: {_named(draft)}, to begin {_day(draft)}. Its draft is {draft['draft_id']}.")
    words = f"programme approve {draft['draft_id']} --as SOMEBODY"
    note(f"Somebody else approves it within a day: {try_next(words, places_of(data))}")


def drafts(*, as_json: Json = False, address: Address = None, token: Token = None, data: Data = None) -> None:
    """List what waits for approval, and what members lose by it.

    Examples:
      loyalty programme drafts
      loyalty programme drafts --json
    """
    accrual = Accrual.of(address, token, data, scopes=["programmes:read"])
    found = [accrual.get(f"{DRAFTS}/{each['draft_id']}") for each in accrual.get(DRAFTS)["items"]]
    if as_json:
        print_json(found)
        return
    if not found:
        say("Nothing waits for approval.")
    for draft in found:
        say(f"{draft['draft_id']}  {_named(draft)}, to begin {_day(draft)}, proposed by {draft['proposed_by']}")
        for change in draft["changes"]:
            mark = "~" if change["eased"] else "!" if change["worse"] else " "
            say(f"  {mark} {change['part']}: {change['before'] or 'new'} -> {change['after'] or 'gone'}")


def approve(draft: DraftId, *, as_json: Json = False, address: Address = None, token: Token = None, subject: As, data: Data = None) -> None:
    """Approve what somebody else proposed: it is checked once more, and published.

    Examples:
      loyalty programme approve 5d7b7f6e-0a4e-8f1c-b7a2-6f2e1d0c9b8a --as theo
    """
    accrual = Accrual.of(address, token, data, scopes=["programmes:approve"], subject=subject)
    _published(accrual.send(f"{DRAFTS}/{draft}/approve"), as_json=as_json)


def _published(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        say(f"Published: {_named(answer)}, in force from {_day(answer)}.")


def _named(answer: Answer) -> str:
    return f"{answer['programme']}, version {answer['version']}"


def _day(answer: Answer) -> str:
    return str(answer["effective_from"])[:16].replace("T", " ") + " UTC"
