"""How long lists are read: page by page, each with the cursor of the next."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from contracts.fields import Id


class PageRequest(BaseModel):
    """Which page of a history."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    programme: Annotated[Id | None, Field(description="Only this programme.")] = None
    cursor: Annotated[str | None, Field(max_length=500, description="`next` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=200, description="How many changes at most.")] = 50


Page = Annotated[PageRequest, Query()]


def page_of(page: PageRequest) -> dict[str, str]:
    """Return the page as the parameters of a question."""
    return {name: str(value) for name, value in page.model_dump(exclude_none=True).items()}
