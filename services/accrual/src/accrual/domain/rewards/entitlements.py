"""One reward that is not points, owned by a holder: issued, reserved and used, or expired, or taken back. It ends once."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing in it looks like something else
_CODE_LENGTH = 12


class State(StrEnum):
    """Where it is. The last three are ends."""

    OPEN = "open"  #: a choice that nobody has made yet
    ISSUED = "issued"
    RESERVED = "reserved"
    USED = "used"
    EXPIRED = "expired"
    REVERSED = "reversed"


class Way(StrEnum):
    """How somebody came to it."""

    RULE = "rule"
    POINTS = "points"
    PRIVILEGE = "privilege"
    SURPRISE = "surprise"
    OFFER = "offer"
    PRIZE = "prize"


class StepName(StrEnum):
    """What can happen to it."""

    ISSUED = "issued"
    CHOSEN = "chosen"
    RESERVED = "reserved"
    RELEASED = "released"
    USED = "used"
    EXPIRED = "expired"
    REVERSED = "reversed"
    MOVED = "moved"


class Denied(NamedTuple):
    """Why something is not done: a stable code, and the same in words."""

    reason: str
    text: str


USED_UP = Denied("already-used", "it has been used")


class Entitlement(NamedTuple):
    """A reward in somebody's hands. `steps` counts what happened to it, the issuing included."""

    id: UUID
    account_id: UUID
    programme: str
    programme_version: int
    reward: str  #: its id in the catalogue; of an open choice, the choice's
    kind: str  #: of the reward; `choice` while open, `privilege` of a privilege
    way: Way
    rule: str  #: the rule, surprise, offer or raffle that gave it; the reward itself where it was bought
    cause: bytes | None  #: key of the purchase or activity for which it was given
    code: str
    uses: int
    issued_at: datetime
    expires_at: datetime | None  #: the first moment at which it is gone; None: never
    state: State = State.ISSUED
    used: int = 0
    choose_by: datetime | None = None
    reserved_for: str | None = None
    reserved_until: datetime | None = None
    cost: int = 0  #: points that were paid for it
    goods: str | None = None  #: of an offer, the SKU that it is for
    steps: int = 1
    chosen_at: datetime | None = None  #: of what was chosen of several: limits count it from then on

    @property
    def ended(self) -> bool:
        """Tell whether nothing can happen to it any more."""
        return self.state in (State.USED, State.EXPIRED, State.REVERSED)


def code_of(id_: UUID) -> str:
    """Return the code under which people name an entitlement: 60 bits that follow from its id, so that a restored one has the same."""
    number = int.from_bytes(sha256(b"entitlement code\0" + id_.bytes).digest()[:8])
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_CODE_LENGTH))


def read_code(text: str) -> str:
    """Return a code as it is kept, of one that somebody typed: case, dashes and look-alikes do not matter."""
    return text.upper().replace("-", "").replace(" ", "").translate(str.maketrans("OIL", "011"))


def as_of(entitlement: Entitlement, *, at: datetime) -> Entitlement:
    """Return how it counts at a moment, whether or not the clock's worker was on time: reservations lapse, and what is over has expired.

    What is reserved on its last day is good for as long as that: a till has counted on it.
    """
    found = entitlement
    if found.state is State.RESERVED and found.reserved_until is not None and found.reserved_until <= at:
        found = found._replace(state=State.ISSUED, reserved_for=None, reserved_until=None)
    if not found.ended and found.state is not State.RESERVED and found.expires_at is not None and found.expires_at <= at:
        found = found._replace(state=State.EXPIRED)
    return found


def reserve(entitlement: Entitlement, *, purpose: str, until: datetime, at: datetime) -> Entitlement | Denied:
    """Keep it for one purpose until a moment. Reserved for the same purpose again, it stays as it was."""
    now = as_of(entitlement, at=at)
    if now.state is State.RESERVED and now.reserved_for == purpose:
        return now
    if now.state is not State.ISSUED:
        return _not_to_be_had(now)
    return _stepped(now, state=State.RESERVED, reserved_for=purpose, reserved_until=until)


def release(entitlement: Entitlement, *, purpose: str | None) -> Entitlement | Denied:
    """Give a reservation back: the one for this purpose, or whichever there is."""
    if entitlement.state is not State.RESERVED:
        return _not_to_be_had(entitlement) if entitlement.ended else Denied("not-reserved", "it is not reserved")
    if purpose is not None and entitlement.reserved_for != purpose:
        return Denied("reserved", "it is reserved for something else")
    return _stepped(entitlement, state=State.ISSUED, reserved_for=None, reserved_until=None)


def use(entitlement: Entitlement, *, purpose: str | None, at: datetime) -> Entitlement | Denied:
    """Use it once. What is reserved can be used only for what it was reserved for."""
    now = as_of(entitlement, at=at)
    if now.state is State.RESERVED and now.reserved_for != purpose:
        return Denied("reserved", "it is reserved for something else")
    if now.state not in (State.ISSUED, State.RESERVED):
        return _not_to_be_had(now)
    used = now.used + 1
    return _stepped(now, state=State.USED if used == now.uses else State.ISSUED, used=used, reserved_for=None, reserved_until=None)


def expire(entitlement: Entitlement, *, at: datetime) -> Entitlement | None:
    """End what is over. None: it is not, or has ended before."""
    over = not entitlement.ended and as_of(entitlement, at=at).state is State.EXPIRED
    return _stepped(entitlement, state=State.EXPIRED, reserved_for=None, reserved_until=None) if over else None


def lapse(entitlement: Entitlement) -> Entitlement | None:
    """End a choice of which nothing is left to choose. None: it has been made, or has ended before."""
    return _stepped(entitlement, state=State.EXPIRED) if entitlement.state is State.OPEN else None


def reverse(entitlement: Entitlement) -> Entitlement | None:
    """Take it back, because what it was given for was undone. None: it has ended, and what was used stays used."""
    return None if entitlement.ended else _stepped(entitlement, state=State.REVERSED, reserved_for=None, reserved_until=None)


def choose(entitlement: Entitlement, chosen: Entitlement, *, at: datetime) -> Entitlement | Denied:
    """Make an open choice: it becomes what `chosen` would be if it were issued now, under its own id and code."""
    now = as_of(entitlement, at=at)
    if now.state is not State.OPEN:
        return _not_to_be_had(now) if now.ended else Denied("not-a-choice", "there is nothing to choose")
    return _stepped(
        now, state=State.ISSUED, reward=chosen.reward, kind=chosen.kind, uses=chosen.uses, expires_at=chosen.expires_at, choose_by=None, chosen_at=at
    )


def move(entitlement: Entitlement, *, to: UUID) -> Entitlement | None:
    """Let it belong to another account, in whatever state it is. None: it has ended, and nothing is said of it any more."""
    return None if entitlement.ended else _stepped(entitlement, account_id=to)


def _stepped(entitlement: Entitlement, **changes: object) -> Entitlement:
    return entitlement._replace(steps=entitlement.steps + 1, **changes)  # type: ignore[arg-type]  # the callers above name its fields


def _not_to_be_had(entitlement: Entitlement) -> Denied:
    return _DENIALS[entitlement.state]


_DENIALS = {
    State.OPEN: Denied("choice-open", "a choice must be made first"),
    State.ISSUED: Denied("not-reserved", "it is not reserved"),
    State.RESERVED: Denied("reserved", "it is reserved for something else"),
    State.USED: USED_UP,
    State.EXPIRED: Denied("expired", "its last day is over"),
    State.REVERSED: Denied("taken-back", "it was taken back, because what it was given for was undone"),
}
