"""Answers of the public API that somebody has saved, to be checked without asking anybody."""

from pathlib import Path
from typing import Any

import orjson

from loyalty.console import COULD_NOT, Failure


def published_in(path: Path, route: str, *, otherwise: str) -> dict[str, Any]:
    """Return a saved answer that has a seed in it; `otherwise` says what an answer without one means. Raises Failure for anything else."""
    try:
        read = orjson.loads(path.read_bytes())
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}.", code=COULD_NOT) from None
    except orjson.JSONDecodeError:
        raise Failure(f"{path} is not JSON.", advice=f"Save the answer of GET {route} as it is.", code=COULD_NOT) from None
    if not isinstance(read, dict) or not read.get("seed"):
        raise Failure(f"{path} shows no seed.", advice=otherwise, code=COULD_NOT)
    return read
