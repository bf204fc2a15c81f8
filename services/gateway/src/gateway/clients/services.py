"""One owning service behind one pooled client: bounded in time and in size, and its internals never pass."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from gateway.clients.problems import Unavailable, problem_of
from gateway.metrics import ASKED, ASKED_SECONDS
from shared.problems import Problem

log = structlog.get_logger()

#: Far above a page of 200 movements with their explanations; a larger answer is a fault of its owner.
MAX_ANSWER_BYTES = 2 * 1024 * 1024
#: More would only queue inside the owner; waiting for a connection counts against the deadline.
MAX_CONNECTIONS = 64
#: Less than a server's usual five seconds, so that the client is the first to give an idle connection up.
IDLE_SECONDS = 4

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


def pooled(url: str) -> httpx.AsyncClient:
    """Open the one client of an owner. It follows no redirect and heeds no proxy of the environment; each question has its own deadline."""
    limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS, keepalive_expiry=IDLE_SECONDS)
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    return httpx.AsyncClient(base_url=url, limits=limits, timeout=None, trust_env=False, headers=headers)  # noqa: S113  see above


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
                response, body = await self._exchange(question, asking)
        except TimeoutError as error:
            raise self._fault("late") from error
        except httpx.HTTPError as error:
            raise self._fault("down") from error
        finally:
            ASKED_SECONDS.labels(self._name).observe(loop.time() - started)
        return self._answer(model, response, body)

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def _exchange(self, question: Question, asking: Asking) -> tuple[httpx.Response, bytes | None]:
        try:
            return await self._send(question, asking)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            if not question.reads:
                raise
            return await self._send(question, asking)

    async def _send(self, question: Question, asking: Asking) -> tuple[httpx.Response, bytes | None]:
        headers = {**asking.marks, "authorization": f"Bearer {asking.token}"}
        method = "GET"
        if question.body is not None:
            headers["content-type"] = "application/json"
            method = "POST"
        request = self._client.build_request(method, question.path, params=question.parameters or None, content=question.body, headers=headers)
        response = await self._client.send(request, stream=True)
        try:
            return response, await _whole(response)
        finally:
            await response.aclose()

    def _answer(self, model: type[Model], response: httpx.Response, body: bytes | None) -> Model:
        if response.is_server_error:
            raise self._fault("failed")
        if body is None:
            raise self._fault("wrong")
        if not response.is_success:
            problem = problem_of(response, body)
            raise self._fault("wrong") if problem is None else self._answered(problem)
        try:
            return self._answered(model.model_validate_json(body))
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


async def _whole(response: httpx.Response) -> bytes | None:
    """Read the answer, or give up on one that is too large."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
