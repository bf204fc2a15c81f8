"""Logs are JSON events, one a line, on standard output: a fixed name each, the rest in fields.

Of an exception they tell the type and the place, and the text only where it cannot hold somebody's data.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

import asyncpg
import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

#: The trace that the work in hand belongs to (W3C), from the till to the message: handed on in events and to other services.
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)

_MAX_FRAMES = 15
#: Libraries whose every step is not our event.
_QUIET = ("aiokafka", "asyncio", "httpx", "httpcore", "uvicorn", "yoyo", "stamina")
#: A client of a broker that is away says the same a hundred times a second. Once in this time is enough.
_REPEAT_SECONDS = 5
_MAX_REMEMBERED = 1000
#: Faults of programs and machines: their texts name code, files and addresses.
_SPEAKABLE = (AttributeError, ImportError, NameError, NotImplementedError, OSError, TypeError)
#: SQLSTATE classes that speak of connections, rights, names and resources, and of no value: all but data (22) and constraints (23).
_SPEAKABLE_SQL = ("08", "25", "26", "28", "40", "42", "53", "55", "57", "58")


class SpeakableError(Exception):
    """An error whose text is written by us and holds nobody's data, so it may be logged."""


def configure(*, service: str, level: str = "INFO") -> None:
    """Send everything, libraries included, to standard output: lines of JSON, or colours if a person is looking.

    At level DEBUG, which production refuses, exceptions tell all of their text.
    """
    threshold = logging.getLevelNamesMapping()[level]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _named(service),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    if sys.stdout.isatty():
        console = structlog.dev.ConsoleRenderer(timestamp_key="time", exception_formatter=structlog.dev.plain_traceback)
        rendered: list[Processor] = [console]
    else:
        rendered = [_exceptions(tell_all=threshold <= logging.DEBUG), structlog.processors.JSONRenderer(serializer=_json)]
    structlog.configure(
        processors=[*shared, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    handler.addFilter(_Repeats())
    logging.basicConfig(handlers=[handler], level=threshold, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


class _Repeats(logging.Filter):
    """Lets a library say the same thing once in five seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether this is news."""
        key = (record.name, record.getMessage())
        if record.created - self._said.get(key, float("-inf")) < _REPEAT_SECONDS:
            return False
        if len(self._said) >= _MAX_REMEMBERED:
            self._said.clear()
        self._said[key] = record.created
        return True


def _named(service: str) -> Processor:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    return add


def _exceptions(*, tell_all: bool) -> Processor:
    def render(_: WrappedLogger, __: str, event: MutableMapping[str, Any]) -> EventDict:
        given = event.pop("exc_info", None)
        error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
        if error is not None:
            event["exception"] = _chain(error, tell_all=tell_all)
        return event

    return render


def _chain(error: BaseException | None, *, tell_all: bool) -> list[dict[str, Any]]:
    """Describe an exception and what brought it about, the last first."""
    described: list[dict[str, Any]] = []
    while error is not None and len(described) < _MAX_FRAMES:
        frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
        entry: dict[str, Any] = {"type": type(error).__name__, "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}
        if isinstance(error, asyncpg.PostgresError):
            entry["sqlstate"] = error.sqlstate
        if tell_all or _is_speakable(error):
            entry["text"] = str(error)
        described.append(entry)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return described


def _is_speakable(error: BaseException) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in _SPEAKABLE_SQL
    return isinstance(error, (SpeakableError, *_SPEAKABLE))


def _json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
