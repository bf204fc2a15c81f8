"""Asks accrual about programmes: the local stack's, or the one at an address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import httpx
import orjson
import typer

from loyalty.console import COULD_NOT, Failure
from loyalty.options import Data, places_of
from loyalty.programme.reading import line_of
from loyalty.stack import state
from loyalty.stack.keys import OPERATOR, token_for
from shared.ids import random_id

TIMEOUT_SECONDS = 60
UNAUTHORISED, FORBIDDEN, INVALID = 401, 403, 422

Answer = dict[str, Any]
Address = Annotated[
    str | None, typer.Option("--address", metavar="URL", help="Where the gateway answers, or accrual; the local stack's where not given.", show_default=False)
]
Token = Annotated[
    str | None, typer.Option("--token", envvar="LOYALTY_TOKEN", metavar="JWT", help="A token; one of the local stack where not given.", show_default=False)
]
As = Annotated[str, typer.Option("--as", metavar="NAME", help="With the local stack: who you are. Who proposes does not approve.")]


@dataclass(frozen=True, slots=True)
class Accrual:
    """Accrual as somebody with some scopes asks it. What it refuses becomes a Failure that says why."""

    client: httpx.Client
    scopes: tuple[str, ...]

    @classmethod
    def of(cls, address: str | None, token: str | None, data: Data, *, scopes: Sequence[str], subject: str = OPERATOR) -> Self:
        """Open the one that is meant."""
        if address is not None:
            if not token:
                raise Failure("--address needs --token.", advice=f"A token with the scopes {' and '.join(scopes)}; LOYALTY_TOKEN may hold it.", code=COULD_NOT)
            return cls(_client(address.rstrip("/"), token), tuple(scopes))
        places = places_of(data)
        stack = state.running(places)
        made = token or token_for(places, scopes=scopes, audience=stack.audience, subject=subject)
        return cls(_client(stack.services["accrual"].url, made), tuple(scopes))

    def get(self, path: str, **parameters: str) -> Answer:
        """Ask for something."""
        return self._read(self._send("GET", path, params=parameters))

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Have something done, once."""
        return self.send(path, b"" if body is None else orjson.dumps(body))

    def send(self, path: str, content: bytes = b"", *, media_type: str = "application/json", key: str | None = None, source: Path | None = None) -> Answer:
        """Have something done, once for a key; a new one where none is given."""
        headers = {"content-type": media_type, "idempotency-key": key or str(random_id())}
        return self._read(self._send("POST", path, content=content, headers=headers), source)

    def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            return self.client.request(method, path, **arguments)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            what = str(error) or type(error).__name__
            raise Failure(f"accrual at {self.client.base_url} does not answer: {what}", advice="Is it up? See `loyalty status`.", code=COULD_NOT) from error

    def _read(self, response: httpx.Response, source: Path | None = None) -> Answer:
        if response.is_success:
            answer: Answer = response.json()
            return answer
        try:
            problem: Mapping[str, Any] = response.json()
        except ValueError:
            problem = {}
        what = f"{problem.get('title') or f'accrual answered {response.status_code}'} ({problem.get('code', response.status_code)})"
        errors = [_line(each) for each in problem.get("errors", ())]
        advice = {
            UNAUTHORISED: "The token is not valid: give --token, or `loyalty token` makes one for the local stack.",
            FORBIDDEN: f"The token needs the scopes {' and '.join(self.scopes)}." if problem.get("code") == "scope-missing" else problem.get("detail") or "",
        }.get(response.status_code, problem.get("detail") or ("Mend it, and try again." if errors else ""))
        raise Failure("\n".join([f"{source}: {what}" if source else what, *errors]), advice=advice)


def _client(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=TIMEOUT_SECONDS, trust_env=False)


def _line(error: Mapping[str, Any]) -> str:
    return line_of(error.get("line"), str(error.get("path", "")), str(error.get("message", "")), str(error.get("advice", "")))
