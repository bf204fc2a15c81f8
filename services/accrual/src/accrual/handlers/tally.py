"""What is counted for all accounts together, carried through a batch beside the books, with what each cause holds of it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from accrual.domain.accounts import CounterKey
from accrual.store import Connection, shared
from accrual.store.shared import SharedKey, Use
from shared.batches import Repeat

Changes = Iterable[tuple[CounterKey, int]]


class Holding(NamedTuple):
    """Who holds something of a counter (a purchase, a deed, an entitlement), and the event that changes how much."""

    cause_key: bytes
    event_key: bytes


class Tally:
    """Counters of all accounts together, as they are after all changes so far. Nothing is in the database before `save`."""

    def __init__(self, values: Mapping[SharedKey, int] | None = None, used: Mapping[bytes, Mapping[SharedKey, int]] | None = None) -> None:
        self._values = dict(values or {})
        self._used = {cause: dict(held) for cause, held in (used or {}).items()}
        self._changed: set[SharedKey] = set()
        self._uses: dict[tuple[Holding, SharedKey], int] = {}

    @classmethod
    async def open(cls, connection: Connection, locked: frozenset[SharedKey], *, causes: Iterable[bytes] = ()) -> "Tally":
        """Read counters, which must be locked, and what these causes hold of any."""
        return cls(await shared.values(connection, locked), await shared.used(connection, causes)) if locked else cls()

    def values(self, programme: str, keys: Iterable[CounterKey], *, without: bytes | None = None) -> dict[CounterKey, int]:
        """Return counters of a programme; without what one cause holds of them, if asked. Raises Repeat for one that is not locked."""
        held = self._used.get(without, {}) if without is not None else {}
        try:
            return {key: self._values[name] - held.get(name, 0) for key in keys for name in [SharedKey(programme, *key)]}
        except KeyError:
            raise Repeat("a counter of all accounts is needed that is not locked") from None

    def used(self, cause_key: bytes) -> dict[CounterKey, int]:
        """Return what a cause holds now. A cause belongs to one programme."""
        return {key.counter: amount for key, amount in self._used.get(cause_key, {}).items()}

    def raise_to(self, programme: str, changes: Changes, holding: Holding) -> None:
        """Set counters to new values: what they grow by, the cause holds beside what it held."""
        for key, value in changes:
            name = SharedKey(programme, *key)
            self._change(holding, name, value - self._value(name))

    def hold(self, programme: str, amounts: Mapping[CounterKey, int], holding: Holding) -> None:
        """Let a cause hold just these amounts from now on, and nothing else."""
        before, after = self._used.get(holding.cause_key, {}), {SharedKey(programme, *key): amount for key, amount in amounts.items()}
        for name in sorted(before.keys() | after.keys()):
            self._change(holding, name, after.get(name, 0) - before.get(name, 0))

    async def save(self, connection: Connection) -> None:
        """Write counters and who changed them, one statement a table."""
        await shared.save(connection, {name: self._values[name] for name in sorted(self._changed)})
        uses = [Use(*holding, name, amount) for (holding, name), amount in self._uses.items() if amount]
        await shared.add_uses(connection, uses)

    def _value(self, name: SharedKey) -> int:
        try:
            return self._values[name]
        except KeyError:
            raise Repeat("a counter of all accounts is needed that is not locked") from None

    def _change(self, holding: Holding, name: SharedKey, amount: int) -> None:
        if amount:
            self._values[name] = self._value(name) + amount
            held = self._used.setdefault(holding.cause_key, {})
            held[name] = held.get(name, 0) + amount
            self._uses[holding, name] = self._uses.get((holding, name), 0) + amount
            self._changed.add(name)
