"""What members were promised about changes: a version that takes something from them begins only after the notice period."""

from datetime import datetime, timedelta

from accrual.domain.document.problems import Problem
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.terms.comparing import Difference, worsens

#: So many parts are named; the others are found with `loyalty programme diff`.
_NAMED = 3


def broken_promise(published: Programmes, programme: Programme, *, now: datetime) -> Problem | None:
    """Return why a version may not begin so soon: it takes something from members, and they would not be told in time.

    The longest notice counts of those that are in force from now until the version begins, so no version in between can shorten it.
    """
    before = published.latest(programme.terms.id)
    if before is None:
        return None
    days = max((_days(each) for each in _until(published, programme, now=now)), default=0)
    earliest = now + timedelta(days=days)
    if programme.terms.starts_at >= earliest or not (lost := _lost(before, programme, earliest=earliest)):
        return None
    parts = ", ".join(difference.part for difference in lost[:_NAMED]) + (f" and {len(lost) - _NAMED} more" if lost[_NAMED:] else "")
    day = (earliest.astimezone(programme.terms.zone) + timedelta(days=1)).date()
    advice = f"let it begin on {day} or later, or take nothing from them; a transition until then may help"
    return Problem(None, "effective_from", f"members lose by {parts}, and were promised to be told {days} days before", advice)


def _lost(before: Programme, programme: Programme, *, earliest: datetime) -> list[Difference]:
    """Return by what members lose too soon: what a transition eases is lost when it is over."""
    eased = programme.terms.better_until is not None and programme.terms.better_until >= earliest
    return [each for each in worsens(before.document, programme.document) if not (eased and each.eased)]


def _until(published: Programmes, programme: Programme, *, now: datetime) -> list[Programme]:
    """Return the versions that are in force at some time between now and the start of the new one."""
    current = published.in_force(programme.terms.id, at=now)
    later = [each for each in published.all() if each.terms.id == programme.terms.id and now < each.terms.starts_at < programme.terms.starts_at]
    return [*([current] if current is not None else []), *later]


def _days(programme: Programme) -> int:
    notice = programme.document.notice
    return int(notice.split()[0]) if notice else 0
