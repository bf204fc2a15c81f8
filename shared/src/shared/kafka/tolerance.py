"""Records whose header names are no UTF-8. The client cannot read them, nor anything fetched with them: one would stop its partition for ever.

Clients of other languages can write such a record, by mistake or on purpose. Importing this module makes our client read it, the
broken name shown with backslashes; it then gets its verdict like any other.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy

_FIRST_MAGIC_WITH_HEADERS = 2


class _Tolerant(bytearray):
    """Bytes whose slices decode whatever they are."""

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return _Tolerant(found) if isinstance(index, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002  the signature of bytearray
        return super().decode(encoding, "backslashreplace")


class _Batch:
    """A batch that is read by the fast reader as far as that can, and from there by the patient one."""

    def __init__(self, raw: memoryview) -> None:
        self._raw = raw
        self._batch = DefaultRecordBatch(raw)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        read = 0
        try:
            for record in self._batch:
                yield record
                read += 1
        except (UnicodeDecodeError, CorruptRecordException):  # a record that really is corrupt is so for the patient reader, too
            patient = _DefaultRecordBatchPy(self._raw)
            patient._maybe_uncompress()  # noqa: SLF001  it has no other reader
            patient._buffer = _Tolerant(patient._buffer)  # noqa: SLF001
            yield from islice(patient, read, None)


class _Records(_MemoryRecordsPy):  # type: ignore[misc]  # the library ships no types
    """What a fetch brought, batch by batch."""

    def next_batch(self) -> Any:
        if self._next_slice is None or self._next_slice[self.MAGIC_OFFSET] < _FIRST_MAGIC_WITH_HEADERS:
            return super().next_batch()
        raw = self._next_slice
        self._cache_next()
        return _Batch(raw)


fetcher.MemoryRecords = _Records
