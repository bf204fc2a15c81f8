"""What the operators' routes are asked and answer."""

import binascii
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.fields import Moment
from shared.deadletters.repair import MOST_AT_ONCE, Done
from shared.deadletters.table import Content, DeadLetter, State, Which
from shared.problems import Problem

#: No column can hold U+0000.
Text = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00]*$")]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""A dead letter's key: 16 bytes as 32 hexadecimal digits."""


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Filter(_Asked):
    """Which dead letters are meant; what is left out leaves all. Times are those of the last failure, both included."""

    state: State | None = None
    topic: Text | None = None
    type: Text | None = None
    code: Text | None = None
    source: Text | None = None
    since: Moment | None = None
    until: Moment | None = None

    def which(self) -> Which:
        """Turn it into a question for the table."""
        states = None if self.state is None else [self.state]
        return Which(states=states, topic=self.topic, type=self.type, code=self.code, source=self.source, since=self.since, until=self.until)


class Repair(_Asked):
    """What to repair: named dead letters, or those of a filter (waiting ones, unless it names a state), oldest first."""

    keys: Annotated[list[Key], Field(min_length=1, max_length=MOST_AT_ONCE)] | None = None
    filter: Filter | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = MOST_AT_ONCE
    dry_run: bool = Field(default=False, description="Only count; nothing is changed and no Idempotency-Key is needed.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.keys is None) == (self.filter is None):
            raise ValueError("name either keys or a filter; the empty filter means all")
        return self

    def which(self) -> Which:
        """Turn it into a question for the table."""
        if self.filter is not None:
            return self.filter.which()
        return Which(keys=[bytes.fromhex(key) for key in self.keys or ()])


class Repaired(BaseModel):
    """What was done, or would be: how many, by code; how many there were to choose from, by code; how many cannot be repaired, and why."""

    dry_run: bool
    count: int
    by_code: dict[str, int]
    matching: dict[str, int] = Field(description="Those there were, as many more than `count` as the limit left for the next time.")
    skipped: dict[str, int] = Field(
        description="Reason to number: unknown, settled, discarded, too-large (it could only fail again), busy (somebody else is at it)."
    )
    as_of: datetime = Field(description="Use it as `until` of what follows: what fails again after it is left alone.")

    @classmethod
    def of(cls, done: Done, *, dry_run: bool, now: datetime) -> Self:
        """Make the answer."""
        return cls(dry_run=dry_run, count=done.count, by_code=dict(done.by_code), matching=dict(done.matching), skipped=dict(done.skipped), as_of=now)


class Bytes(BaseModel):
    """Some bytes: as text where they are UTF-8."""

    encoding: Literal["utf-8", "base64"]
    content: str

    @classmethod
    def of(cls, raw: bytes | None) -> Self | None:
        """Show them; nothing where there are none."""
        if raw is None:
            return None
        try:
            return cls(encoding="utf-8", content=raw.decode())
        except UnicodeDecodeError:
            return cls(encoding="base64", content=b64encode(raw).decode())


class Header(BaseModel):
    """One header of a record."""

    name: str
    value: Bytes | None


class Letter(BaseModel):
    """A dead letter, without what the record holds."""

    key: Key
    state: State
    id: str | None
    source: str | None
    type: str | None
    code: str
    reason: str
    topic: str
    partition: int
    offset: int
    attempts: int
    first_failed_at: datetime
    failed_at: datetime
    changed_at: datetime
    changed_by: str | None
    size: int = Field(description="Bytes that are kept; 0 once it is settled or discarded.")


class WholeLetter(Letter):
    """A dead letter with its record, as long as that is kept."""

    record_key: Bytes | None
    headers: list[Header]
    value: Bytes | None


class Letters(BaseModel):
    """A page of dead letters, newest failure first."""

    items: list[Letter]
    next: str | None


def letter_of(dead: DeadLetter) -> Letter:
    """Show a dead letter in a list."""
    return Letter(**_shown(dead))


def whole_letter_of(dead: DeadLetter, content: Content | None) -> WholeLetter:
    """Show a dead letter with all that is left of it."""
    kept = content or Content(None, (), None)
    headers = [Header(name=name, value=Bytes.of(value)) for name, value in kept.headers]
    return WholeLetter(**_shown(dead), record_key=Bytes.of(kept.key), headers=headers, value=Bytes.of(kept.value))


def _shown(dead: DeadLetter) -> dict[str, object]:
    told = {name: getattr(dead, name) for name in Letter.model_fields if name not in {"key", "id"}}
    return {**told, "key": dead.key.hex(), "id": dead.event_id}


def cursor_after(last: DeadLetter) -> str:
    """Write where the next page begins, opaque to whoever asked."""
    return urlsafe_b64encode(f"{last.failed_at.isoformat()} {last.key.hex()}".encode()).decode()


def read_cursor(text: str) -> tuple[datetime, bytes]:
    """Read a cursor. Raises the Problem `invalid-cursor`."""
    try:
        moment, key = urlsafe_b64decode(text).decode().split(" ")
        return datetime.fromisoformat(moment).astimezone(UTC), bytes.fromhex(key)
    except (ValueError, OverflowError, binascii.Error):
        raise Problem(422, "invalid-cursor", "The cursor is not one of ours") from None
