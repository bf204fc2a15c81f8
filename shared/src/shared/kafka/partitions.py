"""Which partition a key belongs to: Kafka's default, so that every producer, in any language, agrees."""

from functools import lru_cache
from struct import unpack_from

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


@lru_cache(maxsize=100_000)  # people come back, and hashing in Python costs more than remembering
def partition_of(key: bytes, partitions: int) -> int:
    """Tell the partition of a key: murmur2, as Kafka's own producers have it."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Hash bytes as Kafka does."""
    length = len(data)
    h = (_SEED ^ length) & _MASK
    whole = length & ~3
    for k in unpack_from(f"<{whole >> 2}I", data):
        mixed = k * _M & _MASK
        h = (h * _M & _MASK) ^ ((mixed ^ mixed >> 24) * _M & _MASK)
    if length > whole:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15
