"""Topic `segments`: which members belong to which segment, kept with its whole past, so that rules see the segments of a purchase's own time."""

from collections.abc import Sequence
from datetime import UTC, datetime

from accrual.store import Connection, segments
from accrual.store.segments import Change
from contracts.envelope import Event
from contracts.identifiers import member_holder
from contracts.segments import SegmentEntered, SegmentLeft
from contracts.verdicts import Verdict
from shared.batches import Outcome
from shared.outbox import Message

_APPLIED, _STALE, _DUPLICATE = Outcome(Verdict.APPLIED), Outcome(Verdict.STALE), Outcome(Verdict.DUPLICATE)


class Segments:
    """Keeps every change once, in whatever order it comes. What was decided before a change became known stays as it is."""

    async def lock(self, connection: Connection, events: Sequence[Event[SegmentEntered | SegmentLeft]]) -> None:
        """Lock nothing: a change is a row of its own, and changes nothing else."""

    async def decide(
        self, connection: Connection, events: Sequence[Event[SegmentEntered | SegmentLeft]], *, now: datetime
    ) -> tuple[list[Outcome], list[Message]]:
        """Keep the changes. One that comes after a later change of the same segment is kept too, and is `stale`."""
        del now
        changes = [_change(event.data) for event in events]
        newest = await segments.newest(connection, [(change.holder, change.segment) for change in changes])
        added = await segments.add(connection, changes)
        outcomes = []
        for change in changes:
            name, version = (change.holder, change.segment), change.version
            if (*name, version) not in added:
                outcomes.append(_DUPLICATE)
                continue
            added.remove((*name, version))
            outcomes.append(_APPLIED if version > newest.get(name, 0) else _STALE)
            newest[name] = max(version, newest.get(name, 0))
        return outcomes, []


def _change(data: SegmentEntered | SegmentLeft) -> Change:
    entered = isinstance(data, SegmentEntered)
    at = data.entered_at if isinstance(data, SegmentEntered) else data.left_at
    return Change(member_holder(data.member_id), data.segment, data.segment_version, entered, at.astimezone(UTC))
