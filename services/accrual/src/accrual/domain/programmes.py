"""All published programme versions: which one an event belongs to, and whether another may be published."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from accrual.domain.contests import Contest
from accrual.domain.decisions import Reason, Refusal
from accrual.domain.document.problems import Problem
from accrual.domain.facts import Fact, Purchase
from accrual.domain.programme import Programme
from accrual.domain.tiers.timeline import timeline_of

#: One till's clock may be this far ahead; more is refused, and does not stop anybody else.
FUTURE_TOLERANCE = timedelta(minutes=5)
_INSTANT = timedelta(microseconds=1)


class Programmes:
    """The published versions. Immutable; make a new one when a version is published."""

    def __init__(self, versions: Iterable[Programme]) -> None:
        """Take all versions of all programmes."""
        self._versions: dict[str, list[Programme]] = {}
        self._of_merchant: dict[str, set[str]] = {}
        for version in sorted(versions, key=lambda version: (version.terms.starts_at, version.terms.version), reverse=True):
            self._versions.setdefault(version.terms.id, []).append(version)
            for merchant in version.terms.merchants:
                self._of_merchant.setdefault(merchant, set()).add(version.terms.id)
        for found in self._versions.values():
            for before, version in pairwise(reversed(found)):
                version.follow(before)
        timelines = {name: timeline_of(found) for name, found in self._versions.items()}
        self.timelines = {name: timeline for name, timeline in timelines.items() if timeline}  #: of the programmes that have levels
        self.share = any(version.shares for found in self._versions.values() for version in found)  #: something may be counted for all accounts together
        self.refer = any(version.referrals is not None for found in self._versions.values() for version in found)  #: something may be given for friends
        self.publish = any(version.document.social for found in self._versions.values() for version in found)  #: activities may show what members published
        self.choose = any(reward.choice for found in self._versions.values() for version in found for reward in version.rewards.all())  #: of several rewards

    def select(self, fact: Fact, *, now: datetime) -> Programme | Refusal:
        """Return the version that decides an event: the one in force at its own time. Or say why none does."""
        if isinstance(fact, Purchase):
            known = self._of_merchant.get(fact.merchant, set())
            if not known:
                return Refusal(Reason.UNKNOWN_MERCHANT, f"no programme names the merchant {fact.merchant}")
        else:
            known = {fact.programme} & self._versions.keys()
            if not known:
                return Refusal(Reason.UNKNOWN_PROGRAMME, f"there is no programme {fact.programme}")
        at = fact.occurred_at
        if at > now + FUTURE_TOLERANCE:
            return Refusal(Reason.IN_THE_FUTURE, f"happened at {at.isoformat()}, later than now, {now.isoformat()}")
        for programme in sorted(known):
            version = self.in_force(programme, at=at)
            if version is None or (isinstance(fact, Purchase) and fact.merchant not in version.terms.merchants):
                continue
            return _refusal(version, at=at, now=now) or version
        return Refusal(Reason.NOT_IN_FORCE, f"no programme was in force for it at {at.isoformat()}")

    def accepting(self, merchant: str, *, at: datetime) -> Programme | Refusal:
        """Return the version by whose rules points are used at a merchant: the one in force, also when it gives none any more."""
        known = self._of_merchant.get(merchant, set())
        if not known:
            return Refusal(Reason.UNKNOWN_MERCHANT, f"no programme names the merchant {merchant}")
        current = [version for programme in sorted(known) if (version := self.in_force(programme, at=at)) is not None]
        found = next((version for version in current if merchant in version.terms.merchants), None)
        return found or Refusal(Reason.NOT_IN_FORCE, f"no programme of {merchant} is in force at {at.isoformat()}")

    def in_force(self, programme: str, *, at: datetime) -> Programme | None:
        """Return the version of a programme in force at a moment: the latest to have started, unless it has ended."""
        for version in self._versions.get(programme, ()):
            if version.terms.starts_at <= at:
                return version if version.terms.ends_at is None or at < version.terms.ends_at else None
        return None

    def running(self, *, at: datetime) -> tuple[Programme, ...]:
        """Return the version of each programme that is in force at a moment."""
        return tuple(version for programme in self._versions if (version := self.in_force(programme, at=at)) is not None)

    def oldest_first(self, *, at: datetime) -> frozenset[str]:
        """Return the programmes whose points are spent by age at a moment."""
        return frozenset(version.terms.id for version in self.running(at=at) if version.document.spending.order == "oldest")

    def closed(self, *, at: datetime) -> tuple[tuple[str, datetime], ...]:
        """Return the programmes whose points are gone at a moment, and since when."""
        return tuple((version.terms.id, end) for version in self.running(at=at) if (end := version.terms.spends_until) is not None and end <= at)

    def contest(self, programme: str, contest: str, *, at: datetime) -> Contest | None:
        """Return a contest as the version in force says; one that it has left out, as the last version did that had it."""
        current = self.in_force(programme, at=at)
        versions = [*([] if current is None else [current]), *self._versions.get(programme, ())]
        return next((found for version in versions if (found := version.contests.get(contest)) is not None), None)

    def contests_due(self, *, at: datetime) -> tuple[tuple[Programme, Contest], ...]:
        """Return the contests whose places are final at a moment, each with the version that was in force when it ended."""
        found = ((version, contest) for version in self.all() for contest in version.contests.all() if contest.settles_at <= at)
        return tuple((version, contest) for version, contest in found if self.in_force(version.terms.id, at=contest.ends_at - _INSTANT) is version)

    def version(self, programme: str, number: int) -> Programme | None:
        """Return one version."""
        return next((version for version in self._versions.get(programme, ()) if version.terms.version == number), None)

    def latest(self, programme: str) -> Programme | None:
        """Return the version with the highest number."""
        return max(self._versions.get(programme, ()), key=lambda version: version.terms.version, default=None)

    def all(self) -> tuple[Programme, ...]:
        """Return every version, by programme and number."""
        versions = [version for found in self._versions.values() for version in found]
        return tuple(sorted(versions, key=lambda version: (version.terms.id, version.terms.version)))

    def conflicts(self, programme: Programme) -> tuple[Problem, ...]:
        """Return why a new version may not stand beside those published: its number, its date, or another programme's merchants."""
        problems: list[Problem] = []
        terms, latest = programme.terms, self.latest(programme.terms.id)
        if latest is not None and terms.version <= latest.terms.version:
            problems.append(Problem(None, "version", f"version {latest.terms.version} is published already", f"write version: {latest.terms.version + 1}"))
        if latest is not None and terms.starts_at <= latest.terms.starts_at:
            advice = "choose a later date"
            problems.append(Problem(None, "effective_from", f"starts no later than version {latest.terms.version}", advice))
        if terms.better_until is not None and latest is None:
            problems.append(Problem(None, "transition", "there is no version before this one", "remove it"))
        elif terms.better_until is not None and latest is not None and terms.decimals != latest.terms.decimals:
            problems.append(Problem(None, "transition", f"points of version {latest.terms.version} have other decimals", "keep them, or remove the transition"))
        for other in self._versions:
            if other != terms.id:
                problems += self._claimed(other, programme)
        return tuple(problems)

    def _claimed(self, other: str, programme: Programme) -> list[Problem]:
        """Return a problem for each merchant of a programme that another one has, at some time, from the new version's start on."""
        terms = programme.terms
        current = self.in_force(other, at=terms.starts_at)
        later = [version for version in self._versions[other] if version.terms.starts_at > terms.starts_at]
        taken = {merchant for version in [*([current] if current else []), *later] for merchant in version.terms.merchants if _meet(version, programme)}
        return [
            Problem(None, "merchants", f"{merchant} belongs to the programme {other}", f"take it out of {other} first, or leave it out here")
            for merchant in sorted(taken & terms.merchants)
        ]


def _meet(one: Programme, other: Programme) -> bool:
    starts, ends = one.terms.starts_at, other.terms.ends_at
    return ends is None or starts < ends


def _refusal(version: Programme, *, at: datetime, now: datetime) -> Refusal | None:
    """Return why a version in force does not decide what happened then."""
    terms = version.terms
    if at < now - timedelta(days=terms.late_days):
        return Refusal(Reason.TOO_OLD, f"happened at {at.isoformat()}, more than {terms.late_days} days ago")
    if terms.earns_until is not None and at >= terms.earns_until:
        return Refusal(Reason.NOT_IN_FORCE, f"{terms.id} closes: what happens from {terms.earns_until.isoformat()} on earns nothing")
    return None
