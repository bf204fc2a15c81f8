"""The publication itself: read, check, send a chunk, wait for its acknowledgements, remember the place."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from contracts.envelope import Record
from loyalty.console import Advance, Failure
from loyalty.publish.mapping import BadPiece
from loyalty.publish.pace import Pace
from loyalty.publish.pieces import Piece
from loyalty.publish.reading import Reader
from loyalty.publish.resume import Mark, SideFile

#: Returns when the broker has acknowledged every record.
Send = Callable[[Sequence[Record]], Awaitable[None]]
#: Bad lines named in the result; the others are counted.
BAD_LINES_NAMED = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What to publish, and how."""

    pieces: Iterator[Piece]
    read: Reader
    side: SideFile | None
    skip_bad: bool
    rate: float | None


@dataclass(slots=True)
class Result:
    """What a run did. `resumed` counts what an earlier run had published already."""

    published: int = 0
    skipped: int = 0
    resumed: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)


async def publish(plan: Plan, *, send: Send, advance: Advance) -> Result:
    """Publish every piece. Fails at the first bad one unless told to skip them; what is before it is published and remembered."""
    mark = plan.side.read() if plan.side else Mark()
    result = Result(resumed=mark.pieces - mark.skipped)
    _pass_over(plan.pieces, mark, plan.side)
    pace = Pace(plan.rate)
    while True:
        records, mark, bad = _chunk(plan, pace.chunk, mark, result)
        await pace.wait(len(records))
        await send(records)
        result.published += len(records)
        if plan.side and (records or bad):
            plan.side.write(mark)
        advance(mark.pieces)
        if bad is not None:
            raise _refused(*bad, result=result)
        if len(records) < pace.chunk:
            break
    if plan.side:
        plan.side.remove()
    return result


def _pass_over(pieces: Iterator[Piece], mark: Mark, side: SideFile | None) -> None:
    """Skip what is published, and make sure that it is what the mark knows."""
    seen = Mark()
    while side and seen.pieces < mark.pieces:
        piece = next(pieces, None)
        if piece is None:
            break
        seen = seen.after(piece.content)
    if side and seen.digest != mark.digest:
        advice = f"Delete {side.path} to publish from the start: events keep their ids, so repeats count once."
        raise Failure("The part that was published already reads differently now.", advice=advice)


def _chunk(plan: Plan, size: int, mark: Mark, result: Result) -> tuple[list[Record], Mark, tuple[int, str] | None]:
    """Read up to so many good records. Ends early before a piece that must not be skipped, and gives its line and reason."""
    records: list[Record] = []
    while len(records) < size and (piece := next(plan.pieces, None)) is not None:
        try:
            records.append(plan.read(piece))
        except BadPiece as bad:
            if not plan.skip_bad:
                return records, mark, (piece.line, str(bad))
            result.skipped += 1
            if len(result.bad) < BAD_LINES_NAMED:
                result.bad.append((piece.line, str(bad)))
            mark = mark.after(piece.content, skipped=True)
        else:
            mark = mark.after(piece.content)
    return records, mark, None


def _refused(line: int, reason: str, *, result: Result) -> Failure:
    done = result.resumed + result.published
    return Failure(
        f"Line {line}: {reason}",
        advice=f"{done:,} events before it are published. Mend the line and run the same command again, or add --skip-bad to go on without bad lines.",
    )
