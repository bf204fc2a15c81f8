"""The operators' routes of the services, as commands ask them: the running stack's, or those at addresses that are given."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any

import httpx
import typer

from loyalty.console import COULD_NOT, Failure
from loyalty.options import Data, places_of
from loyalty.stack import state
from loyalty.stack.keys import token_for
from shared.ids import random_id

TIMEOUT_SECONDS = 30
#: A command whose answer got lost is asked again under the same key: it is done once.
ATTEMPTS = 3
SCOPES = ("operations:read", "operations:write")
UNAUTHORISED, FORBIDDEN, NOT_FOUND = 401, 403, 404

Answer = dict[str, Any]
Service = Annotated[str | None, typer.Option("--service", metavar="NAME", help="Only this service, for example accrual.", show_default=False)]
Addresses = Annotated[
    list[str] | None,
    typer.Option("--address", metavar="SERVICE=URL", help="Where a service answers; repeat it for several. Where none is given: the local stack."),
]
Token = Annotated[
    str | None, typer.Option("--token", envvar="LOYALTY_TOKEN", metavar="JWT", help="A token; one of the local stack where not given.", show_default=False)
]


class Operator:
    """One service, asked with an operator's token. Whatever it refuses becomes a Failure that says why."""

    def __init__(self, service: str, url: str, client: httpx.AsyncClient) -> None:
        self.service, self._url, self._client = service, url, client

    async def get(self, path: str, **params: str) -> Answer:
        """Ask for something."""
        return await self._ask("GET", path, params=params)

    async def find(self, path: str) -> Answer | None:
        """Ask for one thing; None if the service does not know it."""
        response = await self._send("GET", path)
        return None if response.status_code == NOT_FOUND else self._read(response)

    async def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Ask to have something done, once."""
        return await self._ask("POST", path, json=body, headers={"Idempotency-Key": str(random_id())})

    async def _ask(self, method: str, path: str, **arguments: Any) -> Answer:
        for _ in range(ATTEMPTS - 1):
            try:
                return self._read(await self._client.request(method, self._url + path, **arguments))
            except httpx.TransportError:
                continue
        return self._read(await self._send(method, path, **arguments))

    async def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            return await self._client.request(method, self._url + path, **arguments)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            what = str(error) or type(error).__name__
            raise Failure(f"{self.service} at {self._url} does not answer: {what}", advice="Is it up? See `loyalty status`.", code=COULD_NOT) from error

    def _read(self, response: httpx.Response) -> Answer:
        if response.is_success:
            answer: Answer = response.json()
            return answer
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        advice = {
            UNAUTHORISED: f"The token is not valid for {self.service}: give --token, or `loyalty token` makes one for the local stack.",
            FORBIDDEN: f"The token needs the scopes {' and '.join(SCOPES)}.",
            NOT_FOUND: f"Is {self._url} really {self.service}, with the role api?",
        }.get(response.status_code, "")
        errors = "; ".join(f"{each['path']}: {each['message']}" for each in problem.get("errors", ()))
        what = errors or problem.get("detail") or problem.get("title") or f"it answered {response.status_code}"
        raise Failure(f"{self.service}: {what} ({problem.get('code', response.status_code)})", advice=advice)


@asynccontextmanager
async def operators(addresses: Sequence[str] | None, service: str | None, token: str | None, data: Data) -> AsyncIterator[list[Operator]]:
    """Open the services that are meant. Fails if nothing runs, or there is no such service."""
    urls, token = _given(addresses, token) if addresses else _local(token, data)
    if service is not None and service not in urls:
        raise Failure(f"There is no service {service} here.", advice=f"There are: {', '.join(urls)}.", code=COULD_NOT)
    async with AsyncExitStack() as opened:
        headers = {"authorization": f"Bearer {token}"}
        client = await opened.enter_async_context(httpx.AsyncClient(headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False))
        yield [Operator(name, url, client) for name, url in urls.items() if service in {None, name}]


def _given(addresses: Sequence[str], token: str | None) -> tuple[dict[str, str], str]:
    if not token:
        raise Failure("--address needs --token.", advice=f"A token with the scopes {' and '.join(SCOPES)}; LOYALTY_TOKEN may hold it.", code=COULD_NOT)
    urls = {}
    for text in addresses:
        name, sign, url = text.partition("=")
        if not (name and sign and url.startswith(("http://", "https://"))):
            raise Failure(f"--address {text!r} is not SERVICE=URL.", advice="For example: --address accrual=https://accrual.internal.", code=COULD_NOT)
        urls[name] = url.rstrip("/")
    return urls, token


def _local(token: str | None, data: Data) -> tuple[dict[str, str], str]:
    places = places_of(data)
    stack = state.running(places)
    urls = {name: stack.services[name].url for name in stack.verify_urls if name in stack.services}
    return urls, token or token_for(places, scopes=SCOPES, audience=stack.audience)
