"""Logs are JSON events that keep other people's data to themselves."""

import json
import subprocess
import sys
from typing import Any

SCRIPT = """
import asyncio, logging, asyncpg, structlog
from shared.logs import SpeakableError, configure
configure(service="kiosk", level={level!r})
log = structlog.get_logger("x")
def failing(body):
    {raising}
try:
    failing("canary-body")
except Exception:
    {telling}
"""


def told(raising: str, telling: str = "log.exception('it failed', holder='h1:x')", *, level: str = "INFO") -> list[dict[str, Any]]:
    script = SCRIPT.format(raising=raising, telling=telling, level=level)
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_line_is_an_event_with_its_fields():
    (line,) = told("raise OSError('no route to host')", "log.info('points granted', holder='h1:x', points=7)")
    assert line.pop("time").endswith("Z")
    assert line == {"event": "points granted", "level": "info", "service": "kiosk", "holder": "h1:x", "points": 7}


def test_an_exception_tells_its_type_and_place_and_neither_text_nor_variables():
    (line,) = told("raise ValueError(f'cannot read {body}')")
    (error,) = line["exception"]
    assert error["type"] == "ValueError"
    assert error["at"][-1].endswith(" failing")
    assert "canary" not in json.dumps(line)


def test_the_cause_is_told_too():
    (line,) = told("try: raise KeyError(body)\n    except KeyError as error: raise ValueError(body) from error")
    assert [error["type"] for error in line["exception"]] == ["ValueError", "KeyError"]
    assert "canary" not in json.dumps(line)


def test_errors_of_programs_and_our_own_speak():
    for raising in ("raise AttributeError('no such name')", "raise OSError('no such name')", "raise SpeakableError('no such name')"):
        (line,) = told(raising)
        assert "no such name" in line["exception"][0]["text"]


def test_postgres_speaks_of_tables_and_not_of_values():
    (line,) = told("raise asyncpg.UndefinedTableError('relation x does not exist')")
    assert (line["exception"][0]["sqlstate"], line["exception"][0]["text"]) == ("42P01", "relation x does not exist")
    (line,) = told("raise asyncpg.UniqueViolationError(f'({body}) exists')")
    assert line["exception"][0]["sqlstate"] == "23505"
    assert "canary" not in json.dumps(line)


def test_libraries_are_held_to_the_same():
    (line,) = told("raise ValueError(body)", "logging.getLogger('aiokafka').exception('fetch failed')")
    assert (line["event"], line["level"], line["service"]) == ("fetch failed", "error", "kiosk")
    assert line["exception"][0]["type"] == "ValueError"
    assert "canary" not in json.dumps(line)
    assert told("raise ValueError(body)", "logging.getLogger('aiokafka').info('every step')") == []


REPEATS = """for at, when in [("one", 100), ("one", 101), ("two", 102), ("one", 104.9), ("one", 105)]:
        given = dict(name="aiokafka", levelno=40, levelname="ERROR", msg="no broker at %s", args=(at,), created=when)
        logging.getLogger("aiokafka").handle(logging.makeLogRecord(given))"""


def test_a_library_that_repeats_itself_is_heard_once_in_five_seconds():
    assert [line["event"] for line in told("raise OSError", REPEATS)] == ["no broker at one", "no broker at two", "no broker at one"]


def test_debugging_tells_all():
    (line,) = told("raise ValueError(body)", level="DEBUG")
    assert line["exception"][0]["text"] == "canary-body"
