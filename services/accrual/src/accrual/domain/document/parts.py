"""The base of every part of a programme document."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """The base of every part: frozen, and strict about keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
