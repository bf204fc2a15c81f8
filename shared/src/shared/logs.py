"""Logs are JSON events, one a line, on standard output: a fixed name each, the rest in fields."""

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

import orjson
import structlog
from structlog.typing import Processor, WrappedLogger

#: The trace that the work in hand belongs to (W3C), from the till to the message: handed on in events and to other services.
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)

#: Libraries whose every step is not our event.
_QUIET = ("aiokafka", "asyncio", "httpx", "httpcore", "uvicorn", "yoyo", "stamina")


def configure(*, service: str, level: str = "INFO") -> None:
    """Send everything, libraries included, to standard output: lines of JSON, or colours if a person is looking."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _named(service),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    person = sys.stdout.isatty()
    rendered: list[Processor] = (
        [structlog.dev.ConsoleRenderer(timestamp_key="time")]
        if person
        else [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(serializer=_json)]
    )
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name], processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered]
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=threshold, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


def _named(service: str) -> Processor:
    def add(_: WrappedLogger, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("service", service)
        return event

    return add


def _json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
