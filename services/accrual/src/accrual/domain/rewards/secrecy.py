"""Until when the seed of a surprise has to stay secret."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import zip_longest

from accrual.domain.document.rewards import Surprise
from accrual.domain.lifetimes import end_of
from accrual.domain.programme import Programme


def secret_until(versions: Sequence[Programme], surprise: str) -> datetime | None:
    """Return from when on no purchase can be drawn any more, however late it is told, by the versions of a programme in their order; None: nobody knows yet."""
    last: datetime | None = None
    for version, following in zip_longest(versions, versions[1:]):
        part = next((part for part in version.document.surprises if part.id == surprise), None)
        if part is None:
            continue
        over = min((end for end in _ends(version, following, part) if end is not None), default=None)
        if over is None:
            return None
        told = over + timedelta(days=version.terms.late_days)
        last = told if last is None else max(last, told)
    return last


def _ends(version: Programme, following: Programme | None, part: Surprise) -> list[datetime | None]:
    """Return what may end a surprise in a version. Who was there before the next one may be decided by this one for a while longer."""
    replaced = None if following is None else following.terms.better_until or following.terms.starts_at
    return [version.terms.ends_at, version.terms.earns_until, replaced, None if part.until is None else end_of(part.until, version.terms.zone)]
