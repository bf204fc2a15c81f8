"""Why a record cannot be read as an event."""

from enum import StrEnum


class Fault(StrEnum):
    """The closed list of faults of a record. Each is final: reading the record again ends the same."""

    NO_VALUE = "no-value"
    TOO_LARGE = "too-large"
    BAD_UTF8 = "bad-utf8"
    NOT_JSON = "not-json"
    NUL_CHARACTER = "nul-character"
    DUPLICATE_KEY = "duplicate-key"
    TOO_DEEP = "too-deep"
    NO_ENVELOPE = "no-envelope"
    UNKNOWN_TYPE = "unknown-type"
    WRONG_TOPIC = "wrong-topic"
    WRONG_SCHEMA = "wrong-schema"
    KEY_MISMATCH = "key-mismatch"


class Undecodable(Exception):  # noqa: N818  it says what the record is; nothing went wrong here
    """A record is no event. Whatever of its identity could be read, and is fit to be stored, is given; the rest is None."""

    def __init__(self, fault: Fault, reason: str, *, event_id: str | None = None, source: str | None = None, event_type: str | None = None) -> None:
        super().__init__(f"{fault}: {reason}")
        self.fault = fault
        self.reason = reason
        self.event_id = event_id
        self.source = source
        self.type = event_type
