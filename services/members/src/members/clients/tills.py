"""Believes a trusted till that it has seen an identifier: a statement signed with the tills' key, for one registration."""

import re
from datetime import datetime
from pathlib import Path

from joserfc import jwt
from joserfc.errors import ExpiredTokenError
from joserfc.jwk import OKPKey

from members.domain.identifiers import Fault

AUDIENCE = "loyalty-members"
ALGORITHM = "Ed25519"
#: A till's clock may be ahead of ours by so much when it signs.
LEEWAY_SECONDS = 300

_TILL = re.compile(r"till:[A-Za-z0-9._-]{1,100}")
_INVALID = Fault("proof-invalid", "The proof is not a statement of a trusted till for members.", "proof")
_EXPIRED = Fault("proof-expired", "The proof had expired when it was used.", "proof")
_MISMATCH = Fault("proof-mismatch", "The proof was made for another registration.", "proof")


class Tills:
    """The public key of the tills that are trusted."""

    def __init__(self, public_key: OKPKey) -> None:
        self._public_key = public_key

    @classmethod
    def from_file(cls, path: Path) -> "Tills":
        """Read the key from a PEM file. Raises ValueError if it is no Ed25519 key."""
        key = OKPKey.import_key(path.read_bytes())
        if key.curve_name != "Ed25519":
            raise ValueError(f"{path} is no Ed25519 key")
        return cls(key)

    def seen(self, proof: str, *, registration_id: str, at: datetime) -> frozenset[str] | Fault:
        """Return the identifiers that a till has seen for this registration, if the proof was good at that time."""
        try:
            claims = jwt.decode(proof, self._public_key, algorithms=[ALGORITHM]).claims
            _registry(at).validate(claims)
        except ExpiredTokenError:
            return _EXPIRED
        except Exception:  # noqa: BLE001  a forged header reaches deep into the library, and each part raises its own
            return _INVALID
        if not _TILL.fullmatch(claims["iss"]) or not _are_texts(claims["identifiers"]):
            return _INVALID
        return frozenset(claims["identifiers"]) if claims["sub"] == registration_id else _MISMATCH


def _registry(at: datetime) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True},
        aud={"essential": True, "value": AUDIENCE},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        identifiers={"essential": True},
    )


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
