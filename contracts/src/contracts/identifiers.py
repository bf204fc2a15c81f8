"""How a holder is written: a member's id, or the keyed hash of what a person shows at a till."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

MIN_KEY_BYTES = 32  # as long as the hash: a shorter key would be easier to guess than the hash


def member_holder(member_id: UUID) -> str:
    """Write a member as a holder: `m:<uuid>`."""
    return f"m:{member_id}"


def identifier_key(text: str) -> bytes:
    """Read the key of a kind of identifier from its text, base64url with or without padding. Raises ValueError, and never says the key."""
    stripped = text.strip()
    try:
        key = urlsafe_b64decode(stripped + "=" * (-len(stripped) % 4))
    except ValueError:
        raise ValueError("not base64url") from None
    if len(key) != MIN_KEY_BYTES:
        raise ValueError(f"{len(key)} bytes; a key has {MIN_KEY_BYTES}")
    return key


def identifier_hash(*, key: bytes, kind: str, normal_form: str) -> str:
    """Hash an identifier that is already in its normal form: `h1:` and base64url of HMAC-SHA-256, unpadded.

    The same key, kind and normal form always give the same text; without the key nobody can tell what it stands for.
    """
    if len(key) < MIN_KEY_BYTES:
        raise ValueError(f"the key of an identifier hash has at least {MIN_KEY_BYTES} bytes")
    if "\0" in kind:
        raise ValueError("a kind of identifier contains no U+0000: it ends the kind")
    digest = hmac.digest(key, kind.encode() + b"\0" + normal_form.encode(), "sha256")
    return "h1:" + urlsafe_b64encode(digest).rstrip(b"=").decode()
