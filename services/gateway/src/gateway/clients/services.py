"""One owning service behind one pooled client: bounded in time and in size, and its internals never pass."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

import structlog
from pydantic import BaseModel, ValidationError

from gateway.clients.connections import Answer, Connections, CutError, NoAnswerError, UnreachableError
from gateway.clients.problems import Unavailable, problem_of
from gateway.metrics import ASKED, ASKED_SECONDS
from shared.problems import Problem

log = structlog.get_logger()

Model = TypeVar("Model", bound=BaseModel)
Said = TypeVar("Said", bound=BaseModel | Problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """In whose name a question is asked, by which marks it is found in logs and traces, and until when (in the event loop's time)."""

    token: str = field(repr=False)
    marks: Mapping[str, str]
    deadline: float

    def with_token(self, token: str) -> "Asking":
        """Return the same in another name."""
        return replace(self, token=token)

    def with_mark(self, name: str, value: str) -> "Asking":
        """Return the same with one more header."""
        return replace(self, marks={**self.marks, name: value})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an owner. One that only reads is asked again if its connection was cut."""

    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    reads: bool = True
    media_type: str = "application/json"  #: of the body


def connections_to(url: str, *, ca_file: Path | None = None) -> Connections:
    """Open the pool of an owner. Over https the owner proves its name, to this authority if one is given."""
    return Connections(url, tls=ssl.create_default_context(cafile=ca_file) if url.startswith("https:") else None)


class OwningService:
    """Asks one service, and tells an answer from a fault."""

    def __init__(self, *, name: str, connections: Connections) -> None:
        self._name = name
        self._connections = connections
        self._well = True

    async def ask(self, model: type[Model], question: Question, asking: Asking) -> Model:
        """Return the answer, raise the owner's own Problem, or Unavailable."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout_at(asking.deadline):
                answer = await self._exchange(question, asking)
        except TimeoutError as error:
            raise self._fault("late") from error
        except NoAnswerError as error:
            raise self._fault("wrong") from error
        except (UnreachableError, CutError) as error:
            raise self._fault("down") from error
        finally:
            ASKED_SECONDS.labels(self._name).observe(loop.time() - started)
        return self._read(model, answer)

    async def close(self) -> None:
        """Give the connections back."""
        await self._connections.close()

    async def _exchange(self, question: Question, asking: Asking) -> Answer:
        try:
            return await self._send(question, asking)
        except CutError:
            if not question.reads:
                raise
            return await self._send(question, asking)

    async def _send(self, question: Question, asking: Asking) -> Answer:
        headers = {"accept": "application/json", "authorization": f"Bearer {asking.token}", **asking.marks}
        target = f"{question.path}?{urlencode(question.parameters)}" if question.parameters else question.path
        if question.body is None:
            return await self._connections.ask("GET", target, headers)
        return await self._connections.ask("POST", target, {**headers, "content-type": question.media_type}, question.body)

    def _read(self, model: type[Model], answer: Answer) -> Model:
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._fault("failed", status=answer.status)
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            problem = problem_of(answer)
            raise self._fault("wrong", status=answer.status) if problem is None else self._answered(problem)
        try:
            return self._answered(model.model_validate_json(answer.body))
        except ValidationError as error:
            raise self._fault("wrong") from error

    def _answered(self, said: Said) -> Said:
        ASKED.labels(self._name, "answered").inc()
        if not self._well:
            self._well = True
            log.info("service answers again", asked=self._name)
        return said

    def _fault(self, result: str, *, status: int | None = None) -> Unavailable:
        """Count a fault. Only the first of a row is logged: at hundreds of requests a second the others would say nothing new."""
        ASKED.labels(self._name, result).inc()
        if self._well:
            self._well = False
            log.warning("service gives no answer", asked=self._name, result=result, status=status)
        return Unavailable(self._name)
