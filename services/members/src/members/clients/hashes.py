"""Writes an identifier as everybody else knows it: a keyed hash, with one key a kind."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contracts.identifiers import identifier_hash
from members.domain.identifiers import Identifier, Kind

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Hashes:
    """One key for each kind that is hashed. A visitor id is random already and travels as it is."""

    keys: Mapping[Kind, bytes] = field(repr=False)

    def holder_of(self, identifier: Identifier) -> str:
        """Return the identifier as it is written on the wire: `h1:…`, or `v:…` for a visitor."""
        if identifier.kind is Kind.VISITOR:
            return f"v:{identifier.normal}"
        return identifier_hash(key=self.keys[identifier.kind], kind=identifier.kind, normal_form=identifier.normal)


def read_key(path: Path) -> bytes:
    """Read a key of 32 bytes, written as base64url. Raises ValueError, naming the file and never the key."""
    text = path.read_text().strip()
    try:
        key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise ValueError(f"{path} is not base64url") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} holds {len(key)} bytes; a key has {KEY_BYTES}")
    return key
