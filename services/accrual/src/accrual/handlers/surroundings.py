"""What rules may ask beside an account's own counters: what is counted for all accounts together, codes of coupons, segments of the member."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from accrual.domain.accounts import AccountState
from accrual.domain.budgets import code_of
from accrual.domain.document.coupons import plain
from accrual.domain.facts import Fact, Purchase
from accrual.domain.programme import Programme
from accrual.handlers.tally import Tally
from accrual.handlers.tiers import Levels
from accrual.store import Connection, segments
from accrual.store.segments import Change
from accrual.store.shared import SharedKey


@dataclass(frozen=True, slots=True)
class Issued:
    """A code issued one by one: of which coupon, until when, and for which account; for whoever has it, where that is None."""

    coupon: str
    valid_until: datetime | None
    personal: bool
    account_id: UUID | None

    def may_be_used(self, account_id: UUID, *, at: datetime) -> bool:
        """Tell whether an account may use it at a moment, if nobody has used it yet."""
        return (self.valid_until is None or at < self.valid_until) and (not self.personal or self.account_id == account_id)


@dataclass(frozen=True, slots=True)
class Common:
    """What a batch may count for all accounts together: the counters that are locked, and the codes that were issued, by programme and code."""

    keys: frozenset[SharedKey] = frozenset()
    codes: Mapping[tuple[str, str], Issued] = field(default_factory=dict)
    chosen: frozenset[bytes] = frozenset()  #: rewards given for purchases that are followed; one that was chosen holds its stock itself


NOTHING_COMMON = Common()


class Surroundings:
    """Completes the state of an account for one event. Of a programme that asks for nothing of it, the state stays as it is."""

    def __init__(
        self,
        tally: Tally | None = None,
        common: Common = NOTHING_COMMON,
        changes: Mapping[UUID, Sequence[Change]] | None = None,
        levels: Levels | None = None,
    ) -> None:
        self.tally = tally if tally is not None else Tally()
        self.levels = levels if levels is not None else Levels()
        self._codes = common.codes
        self._changes = changes or {}

    @classmethod
    async def open(
        cls,
        connection: Connection,
        common: Common,
        account_ids: Iterable[UUID],
        programmes: Iterable[Programme],
        *,
        causes: Iterable[bytes] = (),
        levels: Levels | None = None,
    ) -> "Surroundings":
        """Read what these programmes may ask about these accounts, and what the causes hold; all counters among it must be locked."""
        tally = await Tally.open(connection, common.keys, causes=[*causes, *common.chosen])
        asked = any(programme.asks_segments for programme in programmes)
        return cls(tally, common, await segments.of_accounts(connection, account_ids) if asked else None, levels)

    def complete(self, state: AccountState, account_id: UUID, programme: Programme, fact: Fact, *, without: bytes | None = None) -> AccountState:
        """Return the state with all that the programme may ask for the event; as if one cause had used nothing, if that is asked.

        Raises Repeat where a counter of all accounts is needed that is not locked.
        """
        if programme.asks_segments:
            profile = state.profile._replace(segments=segments_at(self._changes.get(account_id, ()), fact.occurred_at))
            state = state._replace(profile=profile)
        if programme.ladder is not None:
            state = state._replace(profile=state.profile._replace(tier=self.levels.at(account_id, programme, fact.occurred_at)))
        keys = programme.shared(fact)
        if not keys:
            return state
        name = programme.terms.id
        known = [key for key in keys if (code := code_of(key)) is None or (name, code) in self._codes]
        return state._replace(shared=self.tally.values(name, known, without=without), codes=self._usable(account_id, name, fact))

    def coupons_of(self, programme: str) -> dict[str, str]:
        """Return the coupons of all codes issued one by one that the batch knows."""
        return {code: issued.coupon for (name, code), issued in self._codes.items() if name == programme}

    def _usable(self, account_id: UUID, programme: str, fact: Fact) -> dict[str, str]:
        """Return the coupons of those codes shown that were issued one by one, and may be used by this account at the event's time."""
        if not (self._codes and isinstance(fact, Purchase)):
            return {}
        shown = [(code, issued) for code in map(plain, fact.coupons) if (issued := self._codes.get((programme, code))) is not None]
        return {code: issued.coupon for code, issued in shown if issued.may_be_used(account_id, at=fact.occurred_at)}


def segments_at(changes: Sequence[Change], moment: datetime) -> frozenset[str]:
    """Return the segments that somebody was in at a moment; of the changes until then, rising in version, the last one of each counts."""
    latest = {change.segment: change.entered for change in changes if change.changed_at <= moment}
    return frozenset(segment for segment, entered in latest.items() if entered)
