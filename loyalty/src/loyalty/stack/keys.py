"""What can be done with the keys of a local stack: sign tokens, hash identifiers."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from contracts.identifiers import identifier_hash
from loyalty.console import COULD_NOT, Failure
from loyalty.stack.places import Places
from shared.clock import utc_now
from shared.local.keys import LocalKeys

OPERATOR = "local-operator"
LIFETIME = timedelta(hours=1)

#: The normal form of each kind, as far as it can be told without the programme: the card's digits, an international number, small letters.
NORMAL_FORMS: Mapping[str, Callable[[str], str]] = {
    "card": lambda typed: re.sub(r"[\s-]", "", typed),
    "phone": lambda typed: re.sub(r"[\s()-]", "", typed),
    "email": lambda typed: typed.strip().lower(),
}
SHAPES = {"card": re.compile(r"[0-9]{16}"), "phone": re.compile(r"\+[0-9]{8,15}"), "email": re.compile(r"[^@\s]+@[^@\s]+")}


def token_for(places: Places, *, scopes: Iterable[str], audience: str, subject: str = OPERATOR, lifetime: timedelta = LIFETIME) -> str:
    """Sign a token with the stack's own key."""
    from shared.auth import issue, read_private_key  # noqa: PLC0415  it brings a web framework along, and most commands sign nothing

    keys = LocalKeys(places.keys)
    if not keys.jwt_private.exists():
        raise Failure(f"There are no keys in {places.keys}.", advice="`loyalty up` makes them.", code=COULD_NOT)
    return issue(read_private_key(keys.jwt_private), subject=subject, scopes=scopes, audience=audience, now=utc_now(), lifetime=lifetime)


class Hasher:
    """Turns identifiers into holders, as a trusted store system that has the keys does."""

    def __init__(self, folder: Path) -> None:
        keys = LocalKeys(folder)
        missing = [kind for kind in NORMAL_FORMS if not keys.identifier(kind).exists()]
        if missing:
            raise Failure(f"There are no identifier keys in {folder}.", advice="`loyalty up` makes them.", code=COULD_NOT)
        self._keys = {kind: _secret(keys.identifier(kind)) for kind in NORMAL_FORMS}

    def holder_of(self, kind: str, typed: str) -> str:
        """Hash an identifier. Raises ValueError where it cannot be one."""
        if kind not in NORMAL_FORMS:
            raise ValueError(f"an identifier is one of {', '.join(NORMAL_FORMS)}, not {kind}")
        normal = NORMAL_FORMS[kind](typed)
        if not SHAPES[kind].fullmatch(normal):
            raise ValueError(f"this is no {kind}")
        return identifier_hash(key=self._keys[kind], kind=kind, normal_form=normal)


def _secret(file: Path) -> bytes:
    text = file.read_text().strip()
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
