"""What members ask about their level: what is missing for the next one, what to keep this one, and what comes if they do nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from accrual.domain.document.tiers import Measure
from accrual.domain.tiers.calendars import ONE_DAY, first_of
from accrual.domain.tiers.climb import Climb
from accrual.domain.tiers.ladder import MEASURES


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A level with its prospects. Amounts are in smallest units, by measure; any one measure is enough."""

    level: str
    names: Mapping[str, str]
    until: date | None
    by_hand: bool
    privileges: tuple[str, ...]
    progress: Mapping[Measure, int]  #: what counts now towards the next level
    next_level: str | None = None
    to_next: Mapping[Measure, int] = field(default_factory=dict)
    to_keep: Mapping[Measure, int] = field(default_factory=dict)  #: empty where nothing takes the level away
    projected: str | None = None  #: the level after the next change, if nothing more is done
    changes_on: date | None = None


def outlook(climb: Climb, day: date) -> Outlook | None:
    """Say of an account what it has and what is ahead. None where the programme has no levels on that day."""
    ladder = climb.timeline.on(day)
    if ladder is None:
        return None
    standing, history = climb.standing(day), climb.history
    place = ladder.place(standing.level)
    done = history.between(first_of(ladder.window, day), day) if ladder.next_period else ladder.counted(history, day)
    following = ladder.levels[place + 1] if place + 1 < len(ladder.levels) else None
    turn = climb.ahead(day)
    changes_on, after = (None, None) if turn is None else turn
    to_keep: Mapping[Measure, int] = {}
    if place and changes_on is not None and after is not None and ladder.place(after.level) < place:
        eve = climb.state(changes_on - ONE_DAY).until
        reaches = eve is not None and ladder.kept_until(eve) > eve
        to_keep = ladder.levels[place].missing(ladder.counted(history, eve if reaches and eve is not None else changes_on))
    return Outlook(
        level=ladder.levels[place].id,
        names=ladder.levels[place].names,
        until=standing.until,
        by_hand=standing.by_hand,
        privileges=ladder.levels[place].privileges,
        progress={measure: amount for measure, amount, need in zip(MEASURES, done, ladder.levels[0].needs, strict=True) if need is not None},
        next_level=None if following is None else following.id,
        to_next={} if following is None else following.missing(done),
        to_keep=to_keep,
        projected=None if after is None else after.level,
        changes_on=None if after is None else changes_on,
    )
