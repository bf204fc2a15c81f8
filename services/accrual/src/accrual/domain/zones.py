"""Time zones by name."""

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: There are some 600 names, with all that are spelt differently.
_REMEMBERED = 1024


@lru_cache(_REMEMBERED)
def zone_of(name: str) -> ZoneInfo | None:
    """Return a zone of the IANA data base; None where there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None
