"""Development keys: made on this machine, marked as such, refused in production."""

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_p256
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key

from shared.ids import random_bytes
from shared.settings.production import DEVELOPMENT_PEM, DEVELOPMENT_SECRET

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class LocalKeys:
    """The files of a folder with development keys."""

    folder: Path

    @property
    def jwt_private(self) -> Path:
        """Signs bearer tokens (Ed25519)."""
        return self.folder / "jwt-private.pem"

    @property
    def jwt_public(self) -> Path:
        """Checks bearer tokens."""
        return self.folder / "jwt-public.pem"

    @property
    def registrations_private(self) -> Path:
        """Opens the personal part of registrations (P-256); one service alone may."""
        return self.folder / "registrations-private.pem"

    @property
    def registrations_public(self) -> Path:
        """Seals the personal part of registrations."""
        return self.folder / "registrations-public.pem"

    @property
    def till_private(self) -> Path:
        """Signs the proofs of a trusted till (Ed25519)."""
        return self.folder / "till-private.pem"

    @property
    def till_public(self) -> Path:
        """Checks the proofs of a trusted till."""
        return self.folder / "till-public.pem"

    @property
    def personal(self) -> Path:
        """Wraps the keys that personal facts are sealed under."""
        return self.folder / "personal.key"

    def identifier(self, kind: str) -> Path:
        """Return the file with the secret that identifiers of a kind are hashed with."""
        return self.folder / f"identifier-{kind}.key"


def make_keys(folder: Path) -> LocalKeys:
    """Make the keys that are missing, readable by us alone, and leave those that are there. Two processes may do so at once."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = LocalKeys(folder)
    _pair(keys.jwt_private, keys.jwt_public, Ed25519PrivateKey.generate)
    _pair(keys.till_private, keys.till_public, Ed25519PrivateKey.generate)
    _pair(keys.registrations_private, keys.registrations_public, lambda: new_p256(SECP256R1()))
    for kind in ("card", "phone", "email", "partner"):
        _write_once(keys.identifier(kind), _secret())
    _write_once(keys.personal, _secret())
    return keys


def _pair(private: Path, public: Path, generate: Callable[[], PrivateKey]) -> None:
    _write_once(private, DEVELOPMENT_PEM + generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    kept = load_pem_private_key(private.read_bytes(), None)
    _write_once(public, DEVELOPMENT_PEM + kept.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _secret() -> bytes:
    """Return 32 bytes as base64url text, the first six of which read as a warning."""
    mark = base64.urlsafe_b64decode(DEVELOPMENT_SECRET)
    return base64.urlsafe_b64encode(mark + random_bytes(_SECRET_BYTES - len(mark))).rstrip(b"=")


def _write_once(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, unless it is there."""
    if path.exists():
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        pass  # another process was first, and its key is as good
    finally:
        partial.unlink()
