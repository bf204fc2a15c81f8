"""The keys under which everything about a purchase, a receipt, a return or a deed meets: 16 bytes of SHA-256."""

from hashlib import sha256

from shared.ids import event_key


def purchase_key(merchant: str, purchase_id: str) -> bytes:
    """Return the key of a purchase."""
    return event_key(merchant, purchase_id)


def receipt_key(merchant: str, store: str | None, number: str | None) -> bytes | None:
    """Return the key of a number on a receipt, if there is one."""
    return None if number is None else deed_key("receipt", merchant, store or "", number)


def return_key(merchant: str, return_id: str) -> bytes:
    """Return the key under which a return counts once."""
    return deed_key("return", merchant, return_id)


def deed_key(*parts: str) -> bytes:
    """Return the key of anything else, over its parts, each ended by U+0000."""
    return sha256("".join(f"{part}\0" for part in parts).encode()).digest()[:16]
