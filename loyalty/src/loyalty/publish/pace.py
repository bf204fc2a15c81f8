"""Holds a rate: so many events a second, evenly, without catching up in a burst after a pause."""

import asyncio

#: Unlimited, events go out in chunks of this many: large enough to fill Kafka's batches, small enough that little is sent again after a kill.
CHUNK = 500
CHUNKS_A_SECOND = 20


class Pace:
    """Says how many to send at once, and waits between chunks."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self.chunk = CHUNK if rate is None else max(1, min(CHUNK, round(rate / CHUNKS_A_SECOND)))
        self._next_at: float | None = None

    async def wait(self, count: int) -> None:
        """Wait until the next `count` events are due."""
        if self._rate is None:
            return
        now = asyncio.get_running_loop().time()
        due = max(now, self._next_at or now)
        self._next_at = due + count / self._rate
        await asyncio.sleep(due - now)
