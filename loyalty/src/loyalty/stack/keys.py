"""What can be done with the keys of a local stack: sign tokens, hash identifiers."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from contracts.identifiers import identifier_hash, identifier_key
from contracts.normal_forms import normal_form
from loyalty.console import COULD_NOT, Failure
from loyalty.stack.places import Places
from loyalty.stack.programs import CARD_PREFIX, REGION
from shared.clock import utc_now
from shared.local.keys import LocalKeys

OPERATOR = "local-operator"
LIFETIME = timedelta(hours=1)

KINDS = ("card", "phone", "email")


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
        missing = [kind for kind in KINDS if not keys.identifier(kind).exists()]
        if missing:
            raise Failure(f"There are no identifier keys in {folder}.", advice="`loyalty up` makes them.", code=COULD_NOT)
        self._keys = {kind: identifier_key(keys.identifier(kind).read_text()) for kind in KINDS}

    def holder_of(self, kind: str, typed: str) -> str:
        """Hash an identifier, in the normal form that members of the local stack brings it into. Raises ValueError where it is none."""
        if kind not in KINDS:
            raise ValueError(f"an identifier is one of {', '.join(KINDS)}, not {kind}")
        return identifier_hash(key=self._keys[kind], kind=kind, normal_form=normal_form(kind, typed, region=REGION, card_prefixes={CARD_PREFIX}))
