"""Field types that every wire model is built from."""

from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

#: Ids from outside are at most 200 bytes, so that keys and indexes stay small.
MAX_ID_BYTES = 200
#: The largest amount of money or points, in the smallest unit: far above any receipt, and sums of 9,000 of them fit in 64 bits.
MAX_AMOUNT = 10**15
#: The largest sum of amounts: what the ledger's columns hold.
MAX_SUM = 2**63 - 1
MAX_LINES = 1_000
#: Sums with moments stay far inside the calendar, and a date without dashes, as "20261001" (pydantic reads seconds since 1970), is before the first moment.
MIN_MOMENT = datetime(1990, 1, 1, tzinfo=UTC)
MAX_MOMENT = datetime(3000, 1, 1, tzinfo=UTC)


def _fits(text: str) -> str:
    if len(text) * 4 > MAX_ID_BYTES and len(text.encode()) > MAX_ID_BYTES:  # a character has at most 4 bytes
        raise ValueError(f"longer than {MAX_ID_BYTES} bytes")
    return text


Id = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_BYTES), AfterValidator(_fits)]
"""An id given by somebody else: 1 to 200 bytes of UTF-8."""

Text = Annotated[str, StringConstraints(max_length=500)]
"""A short text for people."""

Link = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
"""Where something stands on the web."""

Holder = Annotated[
    str,
    StringConstraints(pattern=r"^(m:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|v:[A-Za-z0-9_-]{16,64}|h[12]:[A-Za-z0-9_-]{43})$"),
]
"""`m:<uuid>` a member, `v:<base64url>` a visitor, `h1:<base64url>` the keyed hash of an identifier."""

Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$")]
"""A zone of the IANA time zone database, as `Europe/Moscow`."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217, as `RUB`."""

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
"""ISO 639-1, as `ru`."""

Money = Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT)]
"""Money in the currency's minor unit."""

Points = Annotated[int, Field(strict=True, ge=-MAX_SUM, le=MAX_SUM)]
"""Points in the programme's smallest unit; a balance may be a sum of many amounts."""

Count = Annotated[int, Field(strict=True, ge=0, le=MAX_SUM)]
"""Points or money that cannot be negative, as a sum of many amounts."""

Moment = Annotated[
    AwareDatetime,
    Field(ge=MIN_MOMENT, lt=MAX_MOMENT),
    PlainSerializer(lambda moment: moment.astimezone(UTC), return_type=datetime, when_used="json"),
]
"""A moment with its offset, from 1990 to 2999; UTC when we write it."""


class Wire(BaseModel):
    """The base of every wire model: frozen, and blind to fields it does not know. An event's model names its `type`."""

    type: ClassVar[str]

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, json_schema_serialization_defaults_required=True)
