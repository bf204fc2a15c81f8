"""How a reply is written: as its owner's answer allows it, and never kept by anybody on the way."""

from fastapi import Response
from pydantic import BaseModel

#: Answers about people are for the one who asked, now.
PRIVATE = {"cache-control": "no-store"}


def written(reply: BaseModel, *, status: int = 200) -> Response:
    """Return the reply as JSON, with exactly the fields that its model names."""
    return Response(reply.model_dump_json(), status_code=status, media_type="application/json", headers=PRIVATE)
