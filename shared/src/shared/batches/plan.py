"""What a batch holds before anything is decided: which events are new, which repeat another, which are dead already."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.envelope import Event
from contracts.verdicts import Verdict
from shared.batches.breaker import Breaker
from shared.batches.errors import failure_of
from shared.batches.handler import Outcome
from shared.batches.items import Item
from shared.deadletters import Failure

_DUPLICATE = Outcome(Verdict.DUPLICATE)


class CutShortError(Exception):
    """The batch must end before this record; repeat it from the start with what is before, which is known to be dead or not."""

    def __init__(self, count: int, *, failures: Mapping[int, Failure], pause_reason: str | None = None) -> None:
        super().__init__(count)
        self.count = count
        self.failures = {index: failure for index, failure in failures.items() if index < count}
        self.pause_reason = pause_reason


@dataclass(slots=True)
class Plan:
    """A batch on its way to verdicts. Places are indexes into `items`."""

    items: Sequence[Item]
    breaker: Breaker
    failures: dict[int, Failure]  # what is known to be dead, by place; what cannot be read comes by itself
    to_decide: list[int] = field(default_factory=list)
    repeats: dict[int, int] = field(default_factory=dict)  # a place, and the earlier one with the same event; -1: in the inbox

    def __post_init__(self) -> None:
        unreadable = {place: item.failure for place, item in enumerate(self.items) if item.failure is not None}
        self.failures = {**unreadable, **self.failures}

    def readable(self) -> list[int]:
        """List the first record of each event, as far as they are not known to be dead."""
        first: dict[bytes, int] = {}
        for place, item in enumerate(self.items):
            if item.event is not None and place not in self.failures:
                first.setdefault(item.key, place)
        return list(first.values())

    def halved(self, error: Exception) -> CutShortError:
        """Say how to go on when the whole batch failed by one of its events, and the savepoints cannot tell by which."""
        places = self.readable()
        if not places:
            raise error
        if len(places) > 1:
            return CutShortError(places[len(places) // 2], failures=self.failures)
        return CutShortError(len(self.items), failures={**self.failures, places[0]: failure_of(error)})

    def sort_out(self, known: set[bytes]) -> None:
        """Part the new events from the repeated ones. A record whose event counts already is a duplicate, readable or not."""
        self.to_decide, self.repeats = [], {}
        first: dict[bytes, int] = {}
        for place, item in enumerate(self.items):
            if item.key in known:
                self.repeats[place] = -1
            elif item.key in first:
                self.repeats[place] = first[item.key]
            elif item.event is not None and place not in self.failures:
                first[item.key] = place
                self.to_decide.append(place)
        for place in self.repeats:
            self.failures.pop(place, None)
        self.check_breaker()

    def found(self, question: int, failure: Failure) -> None:
        """Take note of a dead event, by its place among those to decide."""
        place = self.to_decide[question]
        self.failures[place] = failure
        self.check_breaker(upto=place)

    def check_breaker(self, *, upto: int | None = None) -> None:
        """Cut the batch short if the dead ones known so far stop the partition."""
        dead = sorted(place for place in self.failures if upto is None or place <= upto)
        if dead and (trip := self.breaker.trip(self.offsets(), dead)) is not None:
            raise CutShortError(trip.index, failures=self.failures, pause_reason=trip.reason)

    def events(self, places: Iterable[int]) -> list[Event[Any]]:
        """List the events of these records."""
        return [event for place in places if (event := self.items[place].event) is not None]

    def offsets(self) -> list[int]:
        """List where the records were found."""
        return [item.record.offset for item in self.items]

    def outcomes(self, decided: Sequence[Outcome | Failure]) -> list[Outcome]:
        """Give every record its outcome. A repeat of an event that turned out dead is not a duplicate: the batch ends before it."""
        self.check_breaker()
        for place, earlier in self.repeats.items():
            if earlier in self.failures:
                raise CutShortError(place, failures=self.failures)
        answers = {place: answer for place, answer in zip(self.to_decide, decided, strict=True) if isinstance(answer, Outcome)}
        outcomes = []
        for place in range(len(self.items)):
            if place in self.repeats:
                outcomes.append(_DUPLICATE)
            elif place in self.failures:
                outcomes.append(Outcome(Verdict.DEAD_LETTERED, self.failures[place].code))
            else:
                outcomes.append(answers[place])
        return outcomes
