"""One owning service behind one pooled client: bounded in time and in size, and its internals never pass."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from gateway.clients.connections import Connections
from gateway.clients.problems import Unavailable, problem_of
from gateway.metrics import ASKED, ASKED_SECONDS
from shared.problems import Problem

log = structlog.get_logger()

Model = TypeVar("Model", bound=BaseModel)
Answer = TypeVar("Answer", bound=BaseModel | Problem)


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


def pooled(url: str, *, ca_file: Path | None = None) -> httpx.AsyncClient:
    """Open the one client of an owner; each question carries its own deadline. Over https the owner proves its name, to this authority if one is given."""
    tls = ssl.create_default_context(cafile=ca_file) if url.startswith("https:") else None
    return httpx.AsyncClient(base_url=url, transport=Connections(tls=tls), timeout=None, headers={"accept": "application/json"})  # noqa: S113  see above


class OwningService:
    """Asks one service, and tells an answer from a fault."""

    def __init__(self, *, name: str, client: httpx.AsyncClient) -> None:
        self._name = name
        self._client = client
        self._well = True

    async def ask(self, model: type[Model], question: Question, asking: Asking) -> Model:
        """Return the answer, raise the owner's own Problem, or Unavailable."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout_at(asking.deadline):
                response = await self._exchange(question, asking)
        except TimeoutError as error:
            raise self._fault("late") from error
        except httpx.ProtocolError as error:
            raise self._fault("wrong") from error
        except httpx.TransportError as error:
            raise self._fault("down") from error
        finally:
            ASKED_SECONDS.labels(self._name).observe(loop.time() - started)
        return self._answer(model, response)

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def _exchange(self, question: Question, asking: Asking) -> httpx.Response:
        try:
            return await self._send(question, asking)
        except httpx.ReadError:
            if not question.reads:
                raise
            return await self._send(question, asking)

    async def _send(self, question: Question, asking: Asking) -> httpx.Response:
        headers = {**asking.marks, "authorization": f"Bearer {asking.token}"}
        method = "GET"
        if question.body is not None:
            headers["content-type"] = "application/json"
            method = "POST"
        request = self._client.build_request(method, question.path, params=question.parameters or None, content=question.body, headers=headers)
        return await self._client.send(request)

    def _answer(self, model: type[Model], response: httpx.Response) -> Model:
        if response.is_server_error:
            raise self._fault("failed")
        if not response.is_success:
            problem = problem_of(response)
            raise self._fault("wrong") if problem is None else self._answered(problem)
        try:
            return self._answered(model.model_validate_json(response.content))
        except ValidationError as error:
            raise self._fault("wrong") from error

    def _answered(self, answer: Answer) -> Answer:
        ASKED.labels(self._name, "answered").inc()
        if not self._well:
            self._well = True
            log.info("service answers again", asked=self._name)
        return answer

    def _fault(self, result: str) -> Unavailable:
        """Count a fault. Only the first of a row is logged: at hundreds of requests a second the others would say nothing new."""
        ASKED.labels(self._name, result).inc()
        if self._well:
            self._well = False
            log.warning("service gives no answer", asked=self._name, result=result)
        return Unavailable(self._name)
