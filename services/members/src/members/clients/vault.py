"""Seals personal facts, each member's under a key of their own: destroy that key, and they are gone from every copy."""

import hmac
from collections.abc import Callable
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
#: Says how the rest is to be read, so that another cipher can follow.
FORMAT = b"\x01"

RandomBytes = Callable[[int], bytes]


class DataKey:
    """The key of one member's facts. What it seals opens only for that member and that column."""

    def __init__(self, member_id: UUID, key: bytes, random_bytes: RandomBytes) -> None:
        self._member_id = member_id
        self._cipher = AESGCM(key)
        self._random_bytes = random_bytes

    def seal(self, column: str, fact: str) -> bytes:
        """Seal a fact for the column it will stand in."""
        return _seal(self._cipher, fact.encode(), self._bound_to(column), self._random_bytes)

    def open(self, column: str, sealed: bytes) -> str:
        """Open what was sealed for this column; raises InvalidTag for anything else."""
        return _open(self._cipher, sealed, self._bound_to(column)).decode()

    def _bound_to(self, column: str) -> bytes:
        return self._member_id.bytes + column.encode()


class Vault:
    """Makes members' keys, and wraps them under the one key that is kept in a file."""

    def __init__(self, wrapping_key: bytes, *, random_bytes: RandomBytes) -> None:
        self._cipher = AESGCM(wrapping_key)
        self._drawing_key = hmac.digest(wrapping_key, b"drawing", "sha256")  # one key, one use
        self._random_bytes = random_bytes

    def new_key(self, member_id: UUID) -> tuple[DataKey, bytes]:
        """Make a member's key; the second value is what may be stored of it."""
        key = self._random_bytes(KEY_BYTES)
        return DataKey(member_id, key, self._random_bytes), _seal(self._cipher, key, member_id.bytes, self._random_bytes)

    def unwrap(self, member_id: UUID, wrapped: bytes) -> DataKey:
        """Return a stored key; raises InvalidTag where it is another member's, or wrapped under another key."""
        return DataKey(member_id, _open(self._cipher, wrapped, member_id.bytes), self._random_bytes)

    def draw(self, *inputs: bytes) -> bytes:
        """Return 32 bytes that nobody without the key can guess: the same for the same inputs, for ever."""
        return hmac.digest(self._drawing_key, b"".join(len(each).to_bytes(4) + each for each in inputs), "sha256")


def _seal(cipher: AESGCM, plain: bytes, bound_to: bytes, random_bytes: RandomBytes) -> bytes:
    nonce = random_bytes(NONCE_BYTES)
    return FORMAT + nonce + cipher.encrypt(nonce, plain, bound_to)


def _open(cipher: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    start = len(FORMAT) + NONCE_BYTES
    return cipher.decrypt(sealed[len(FORMAT) : start], sealed[start:], bound_to)
