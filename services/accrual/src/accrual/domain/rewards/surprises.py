"""Lots of surprises: which purchase is lucky follows from a seed that is secret until nothing can be drawn by it any more, and promised before by its hash.

With SHA-256 and no other tool, lines ending in a newline: the **commitment** is the hash of the lines `surprise`, programme, surprise, chance and
the seed in hexadecimal. A purchase's **lot** is the hash of the lines seed, surprise, merchant and purchase id; it is lucky when the first 16
hexadecimal digits, as a number, are below the chance's share of 2^64.
"""

from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

_WHOLE = 2**64
_PERCENT = 100


def commitment_of(programme: str, surprise: str, chance: str, seed: bytes) -> bytes:
    """Return what is published from the beginning: it says nothing of the seed, and neither another seed nor another chance fits it."""
    return _hash("surprise", programme, surprise, chance, seed.hex())


def seed_of(secret: bytes, programme: str, surprise: str) -> bytes:
    """Return a seed of its own for each surprise of a document, made of one secret."""
    return _hash(secret.hex(), programme, surprise)


def is_lucky(surprise: str, chance: str, seed: bytes, *, merchant: str, purchase_id: str) -> bool:
    """Tell whether the lot falls on a purchase."""
    number = int.from_bytes(_hash(seed.hex(), surprise, merchant, purchase_id)[:8])
    return number * _PERCENT < Decimal(chance.removesuffix("%")) * _WHOLE


def faults(published: Mapping[str, Any], *, commitment: str | None = None) -> list[str]:
    """Say what is wrong with a surprise whose seed was published; nothing, if it is what was promised. `commitment` is the one noted before, if it was."""
    try:
        seed, promised = bytes.fromhex(published["seed"]), published["commitment"].lower()
        fits = commitment_of(str(published["programme"]), str(published["surprise"]), str(published["chance"]), seed).hex() == promised
        is_lucky("", published["chance"], seed, merchant="", purchase_id="")
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        return [f"not a published surprise: {error!r}"]
    found = [] if fits else ["the seed or the chance is not what was promised: their hash is another"]
    if commitment is not None and commitment.lower() != promised:
        found.append("the commitment is not the one that was noted before")
    return found


def _hash(*lines: str) -> bytes:
    return sha256("".join(f"{line}\n" for line in lines).encode()).digest()
