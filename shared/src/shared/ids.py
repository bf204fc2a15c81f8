"""The one place where ids and randomness are made. Ids of what we emit are derived, so a replay says the same ids again."""

import secrets
from hashlib import sha256
from uuid import UUID, uuid4  # noqa: TID251  the one place that may


def derived(*, service: str, source: str, cause: str, type: str, holder: str, ordinal: int = 0) -> UUID:  # noqa: A002  CloudEvents says type
    """Return the id of one effect of one cause: the same arguments give the same id for ever, others another.

    The cause is the id of an event, an idempotency key, or a lot or hold with its step and due date; `source` says whose
    ids those are. The ordinal tells several effects of one type apart.
    """
    digest = sha256()
    for field in (service, source, cause, type, holder, str(ordinal)):
        raw = field.encode()
        digest.update(len(raw).to_bytes(4) + raw)  # length first, so that no two lists of fields run together
    return _uuid8(digest.digest())


def event_key(source: str, event_id: str) -> bytes:
    """Return the 16 bytes under which the inbox remembers an event. Neither argument may contain U+0000."""
    return sha256(source.encode() + b"\x00" + event_id.encode()).digest()[:16]


def random_id() -> UUID:
    """Return an id that nobody can guess and nobody has to derive again."""
    return uuid4()


def random_bytes(count: int) -> bytes:
    """Return bytes fit for a secret."""
    return secrets.token_bytes(count)


def _uuid8(digest: bytes) -> UUID:
    number = int.from_bytes(digest[:16])
    number = number & ~(0xF << 76) | 8 << 76  # version 8: "whatever its maker says" (RFC 9562)
    number = number & ~(0x3 << 62) | 2 << 62  # the variant of RFC 9562
    return UUID(int=number)
