"""The one place where time is read. Everything else is told what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Says what time it is, aware and in UTC."""


def utc_now() -> datetime:
    """Return the time of this machine, aware and in UTC."""
    return datetime.now(UTC)  # noqa: TID251  the one place that may
