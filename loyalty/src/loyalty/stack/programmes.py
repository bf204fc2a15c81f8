"""Publishes programme documents through accrual's API."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from loyalty.console import Failure
from loyalty.stack.keys import token_for
from loyalty.stack.places import Places
from loyalty.stack.programs import AUDIENCE

SCOPE = "programmes:write"
TIMEOUT_SECONDS = 30
CONFLICT = 409


async def publish_all(documents: Sequence[Path], *, places: Places, url: str) -> list[str]:
    """Publish every document; one published before is left as it is. Fails at the first that is refused, with the places of its faults."""
    headers = {"authorization": f"Bearer {token_for(places, scopes=[SCOPE], audience=AUDIENCE)}", "content-type": "application/yaml"}
    published = []
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        for document in documents:
            response = await client.post("/v1/programmes", content=document.read_bytes())
            if not response.is_success:
                raise _refused(document, response)
            answer = response.json()
            published.append(f"{answer['programme']} {answer['version']}")
    return published


def _refused(document: Path, response: httpx.Response) -> Failure:
    try:
        problem: dict[str, Any] = response.json()
    except ValueError:
        return Failure(f"accrual answered {response.status_code} to {document}.", advice="Its log says why.")
    faults = [
        f"  line {fault.get('line', '?')}, {fault.get('path', '')}: {fault.get('message', '')} {fault.get('advice', '')}" for fault in problem.get("errors", [])
    ]
    title = problem.get("detail") or problem.get("title")
    advice = (
        "A published version never changes: raise `version` in the document."
        if response.status_code == CONFLICT
        else "Mend the document, then run the command again."
    )
    return Failure("\n".join([f"{document} was refused: {title} ({problem.get('code')})", *faults]), advice=advice)
