"""Records of one partition that were fetched and not yet counted, and the rule which of them may be next."""

from collections import deque
from collections.abc import Sequence

from shared.batches.records import Fetched

#: One batch: enough to share the cost of a transaction, few enough to hold locks shortly.
BATCH_RECORDS = 1000
BATCH_BYTES = 4 * 1024 * 1024
#: With two batches in hand nothing more is fetched.
_FULL_RECORDS = 2 * BATCH_RECORDS


class GapError(Exception):
    """The broker left out records that should come next. Fetch again from the cursor: only a gap that it repeats is real."""


class Buffer:
    """Keeps records in order and hands out batches that begin exactly at the cursor."""

    def __init__(self) -> None:
        self._records: deque[Fetched] = deque()
        self._bytes = 0
        self._gaps: set[tuple[int, int]] = set()  # seen in an earlier fetch

    def __len__(self) -> int:
        return len(self._records)

    @property
    def full(self) -> bool:
        """Whether fetching should wait."""
        return len(self._records) >= _FULL_RECORDS or self._bytes >= BATCH_BYTES

    @property
    def first(self) -> Fetched | None:
        """The record in hand that waits longest."""
        return self._records[0] if self._records else None

    def add(self, records: Sequence[Fetched]) -> None:
        """Take what was fetched."""
        self._records.extend(records)
        self._bytes += sum(_size(record) for record in records)

    def clear(self) -> None:
        """Let go of everything: what is in hand may no longer be what comes next."""
        self._records.clear()
        self._bytes = 0

    def give_back(self, records: Sequence[Fetched]) -> None:
        """Put back what a batch did not use."""
        self._records.extendleft(reversed(records))
        self._bytes += sum(_size(record) for record in records)

    def take(self, cursor: int) -> list[Fetched]:
        """Hand out the next batch; empty if there is none. Lower records than the cursor are dropped. Raises GapError."""
        batch: list[Fetched] = []
        taken_bytes, expected = 0, cursor
        while self._records and len(batch) < BATCH_RECORDS and taken_bytes < BATCH_BYTES:
            record = self._records[0]
            if record.offset > expected and (expected, record.offset) not in self._gaps:
                if not batch:
                    self._note_gaps(cursor)
                    self.clear()
                    raise GapError(f"records {cursor} to {record.offset - 1} did not come")
                break
            self._records.popleft()
            self._bytes -= _size(record)
            if record.offset >= expected:
                batch.append(record)
                taken_bytes += _size(record)
                expected = record.offset + 1
        return batch

    def passed(self, cursor: int) -> None:
        """Forget gaps that lie behind."""
        if self._gaps:
            self._gaps = {gap for gap in self._gaps if gap[0] >= cursor}

    def _note_gaps(self, cursor: int) -> None:
        expected = cursor
        for record in self._records:
            if record.offset > expected:
                self._gaps.add((expected, record.offset))
            expected = max(expected, record.offset + 1)


def _size(record: Fetched) -> int:
    return len(record.value) if record.value is not None else 0
