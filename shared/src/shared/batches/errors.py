"""Which errors are an event's own fault, and which are the world's."""

import asyncpg

from shared.batches.handler import PoisonMessage, Repeat
from shared.deadletters import INTERNAL_ERROR, Failure

#: SQLSTATE classes that data brings about: cardinality, data exception, integrity, limit exceeded, raised by our triggers.
_DATA_CLASSES = frozenset({"21", "22", "23", "54", "P0"})


def is_data(error: Exception) -> bool:
    """Tell whether fewer events could succeed. Connections, locks, deadlocks, time-outs and full disks are never poison."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in _DATA_CLASSES
    if isinstance(error, asyncpg.InterfaceError):
        return isinstance(error, ValueError)  # the driver could not encode an argument
    return not isinstance(error, (Repeat, OSError, asyncpg.InternalClientError))


def failure_of(error: Exception) -> Failure:
    """Name what one event did. Of an unexpected exception only its type is told: its text may hold what is personal."""
    if isinstance(error, PoisonMessage):
        return Failure(error.code, error.reason)
    return Failure(INTERNAL_ERROR, _kind(error))


def _kind(error: Exception) -> str:
    state = getattr(error, "sqlstate", None)
    constraint = getattr(error, "constraint_name", None)
    return " ".join(filter(None, [type(error).__name__, state, constraint]))
