"""What a person types to name somebody or something."""

from dataclasses import dataclass
from uuid import UUID

from loyalty.console import COULD_NOT, Failure

KINDS = ("card", "phone", "email", "visitor")
WHO = "Name a member id, or an identifier as card:9000…, phone:+1…, email:… or visitor:…."
WHAT = "Name a grant by its id, or a purchase as MERCHANT/PURCHASE-ID."


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier as somebody typed it; members normalises it."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase."""

    merchant: str
    purchase_id: str


def who(text: str) -> UUID | Identifier:
    """Read the name of a member. Fails with the forms there are."""
    kind, colon, value = text.partition(":")
    if colon and value and kind in KINDS:
        return Identifier(kind, value.strip())
    found = _uuid(text.removeprefix("m:"))
    if found is None:
        raise Failure(f"{text!r} names nobody.", advice=WHO, code=COULD_NOT)
    return found


def what(text: str) -> UUID | Bought:
    """Read the name of a grant or purchase. Fails with the forms there are."""
    found = _uuid(text.removeprefix("grant:"))
    if found is not None:
        return found
    merchant, slash, purchase_id = text.removeprefix("purchase:").partition("/")
    if not (merchant and slash and purchase_id):
        raise Failure(f"{text!r} names neither a grant nor a purchase.", advice=WHAT, code=COULD_NOT)
    return Bought(merchant, purchase_id)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
