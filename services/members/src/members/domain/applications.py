"""A registration as somebody sent it: what is asked for, and everything that is wrong with it, all at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from members.domain.identifiers import Fault, Identifier, Kind

#: Clocks of tills run ahead by minutes, not by hours.
CLOCK_TOLERANCE = timedelta(hours=1)
#: Nobody has lived longer; an older date is a slip of the keyboard.
OLDEST_YEARS = 125

_NEEDED = (
    ("terms", Fault("no-terms-consent", "The terms have to be agreed to, with the version of their text.", "consents")),
    ("processing", Fault("no-processing-consent", "The processing of personal data has to be agreed to, with the version of its text.", "consents")),
)
_NO_SUCH_DATE = Fault("bad-birth-date", "This is not a date somebody living was born on.", "birth_date")
_IN_THE_FUTURE = Fault("in-the-future", "The registration claims to come from the future.", "occurred_at")


@dataclass(frozen=True, slots=True)
class Consent:
    """A ticked box: which version of which text was agreed to, and for which channel."""

    kind: str
    text_version: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a person says of themselves. It never shows in a log."""

    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    birth_date: str | None = field(default=None, repr=False)
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A registration without faults.

    `key` is the same whenever the same registration is sent; `member_id` is who the member would be, if a new one.
    Identifiers go by the hash that stands for them elsewhere; `proven` names those that a trusted till has seen, and
    `card` is the one a new member would be given, if they need one; `referred_by` says who invited them.
    """

    key: bytes
    member_id: UUID
    programme: str
    identifiers: Mapping[str, Identifier]
    proven: frozenset[str]
    card: tuple[str, Identifier] | None
    profile: Profile
    consents: Sequence[Consent]
    occurred_at: datetime
    referred_by: str | None = None


def faults_of(profile: Profile, consents: Sequence[Consent], *, occurred_at: datetime, now: datetime) -> list[Fault]:
    """Find everything wrong with a registration but its identifiers and its proof."""
    ticked = {consent.kind for consent in consents}
    faults = [fault for kind, fault in _NEEDED if kind not in ticked]
    if profile.birth_date is not None and not _somebody_was_born_on(profile.birth_date, on=occurred_at.date()):
        faults.append(_NO_SUCH_DATE)
    if occurred_at > now + CLOCK_TOLERANCE:
        faults.append(_IN_THE_FUTURE)
    return faults


def needs_card(identifiers: Mapping[str, Identifier], proven: frozenset[str]) -> bool:
    """Say whether a member who proves these would have no card of their own."""
    return bool(proven) and all(identifiers[name].kind is not Kind.CARD for name in proven)


def _somebody_was_born_on(written: str, *, on: date) -> bool:
    try:
        born = date.fromisoformat(written)
    except ValueError:
        return False
    return born <= on and on.year - born.year <= OLDEST_YEARS
