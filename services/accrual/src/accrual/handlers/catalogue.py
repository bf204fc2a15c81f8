"""The compiled programmes, as fresh as the transaction that asks."""

import orjson

from accrual import metrics
from accrual.domain.compiler import compile_document
from accrual.domain.document import reading
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.store import Connection, programmes, surprises


class Catalogue:
    """Each version is compiled once per process. Asking costs one small query while nothing new is published."""

    def __init__(self) -> None:
        self._compiled: list[Programme] = []
        self._newest = 0
        self._programmes = Programmes(())

    async def current(self, connection: Connection, *, newest: int | None = None) -> Programmes:
        """Return all versions that the transaction can see. Who has just read the sequence of the newest one spares the question."""
        if (await programmes.newest(connection) if newest is None else newest) > self._newest:
            versions = await programmes.published_since(connection, self._newest)
            seeds: dict[str, dict[str, bytes]] = {}
            for lot in await surprises.of(connection, {version.programme for version in versions}):
                seeds.setdefault(lot.programme, {})[lot.surprise] = lot.seed
            for version in versions:  # nothing is awaited in here, so two that ask at once do not load a version twice
                if version.sequence > self._newest:
                    self._compiled.append(compile_document(reading.read_json(orjson.loads(version.document)), seeds=seeds.get(version.programme, {})))
                    self._newest = version.sequence
                    metrics.expect_programme(version.programme)
            self._programmes = Programmes(self._compiled)
        return self._programmes

    @property
    def known(self) -> Programmes:
        """Return what was there when it was last asked, without asking: enough to choose how to ask."""
        return self._programmes
