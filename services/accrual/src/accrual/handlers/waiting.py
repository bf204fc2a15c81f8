"""What came before its purchase, and waits for it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from accrual.handlers.sequels import Sequel, waited
from accrual.store import Connection, waiting
from accrual.store.waiting import Resolution, Waiter
from shared.batches import Outcome


class WaitingRoom:
    """Those that wait for purchases of a batch, those that began to wait in it included. Nothing is written before `save`."""

    def __init__(self, waiters: Iterable[Waiter] = ()) -> None:
        self._places: dict[bytes, list[tuple[int, Sequel]]] = {}
        self._came = 0
        self._new: dict[bytes, Waiter] = {}
        self._resolved: list[Resolution] = []
        for waiter in waiters:
            self._seat(waiter.anchor, waited(waiter))

    def __bool__(self) -> bool:
        """Tell whether anybody waits."""
        return bool(self._places)

    @property
    def anchors(self) -> frozenset[bytes]:
        """Return where anybody waits."""
        return frozenset(self._places)

    @property
    def holders(self) -> frozenset[str]:
        """Return whose purchases are waited for, where only a number on a receipt names them."""
        return frozenset(sequel.holder for place in self._places.values() for _, sequel in place if sequel.holder is not None)

    def wait(self, sequel: Sequel, anchor: bytes) -> None:
        """Let it wait."""
        self._new[sequel.event_key] = sequel.waiter(anchor)
        self._seat(anchor, sequel)

    def leaving(self, purchase_key: bytes, receipt_key: bytes | None, *, meant: Callable[[Sequel], bool]) -> list[Sequel]:
        """Return those for whom a purchase is what they waited for, in the order in which they came; by its number only those who meant it."""
        found = self._places.pop(purchase_key, [])
        if receipt_key is not None:
            by_number = [(each, meant(each[1])) for each in self._places.pop(receipt_key, [])]
            found += [each for each, leaves in by_number if leaves]
            if staying := [each for each, leaves in by_number if not leaves]:
                self._places[receipt_key] = staying
        return [sequel for _, sequel in sorted(found, key=lambda each: each[0])]

    def resolve(self, sequel: Sequel, outcome: Outcome) -> None:
        """Remember what came of one."""
        self._resolved.append(Resolution(sequel.event_key, outcome.verdict, outcome.reason))

    async def save(self, connection: Connection, *, now: datetime) -> None:
        """Write who waits from now on, and what came of others."""
        await waiting.add(connection, list(self._new.values()), arrived_at=now)
        await waiting.resolve(connection, self._resolved, resolved_at=now)

    def _seat(self, anchor: bytes, sequel: Sequel) -> None:
        self._came += 1
        self._places.setdefault(anchor, []).append((self._came, sequel))


async def waiting_under(connection: Connection, anchors: Sequence[bytes]) -> WaitingRoom:
    """Find who waits under these anchors, which must be locked."""
    return WaitingRoom(await waiting.under(connection, anchors))
