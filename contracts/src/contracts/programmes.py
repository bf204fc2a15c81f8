"""A programme version is in force from a date on (topic `loyalty.programmes.v1`, compacted)."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from contracts.fields import Currency, Id, Moment, Wire, Zone


class ProgrammePublished(Wire):
    """A version of a programme was published. The record's key is `<programme>:<version>`."""

    type: ClassVar[str] = "loyalty.programme.published.v1"

    programme: Id
    version: Annotated[int, Field(strict=True, ge=1)]
    effective_from: Moment
    effective_until: Moment | None = None
    zone: Zone
    currencies: tuple[Currency, ...]
    merchants: tuple[Id, ...] = ()
    document: dict[str, Any] = Field(description="The programme document itself, as JSON.")
    published_at: Moment
