"""What the events of a batch score in contests, purchase by purchase, as much as is left of each."""

from uuid import UUID

from accrual.domain.facts import Fact
from accrual.domain.programme import Programme
from accrual.handlers.pasts import Past
from accrual.store import Connection, contests
from accrual.store.contests import Scored


class Scores:
    """Every score of a batch. Nothing is in the database before `save`; events of programmes without contests cost nothing."""

    def __init__(self) -> None:
        self._scored: dict[tuple[str, str, bytes], Scored] = {}

    def decided(self, account_id: UUID, programme: Programme, fact: Fact, cause: bytes) -> None:
        """Score an event that was just decided."""
        for contest, score in programme.contests.scores(fact).items():
            self._put(Scored(programme.terms.id, contest, cause, account_id, fact.occurred_at, score))

    def recount(self, before: Past, after: Past) -> None:
        """Score a purchase anew of which something came back, or that was corrected."""
        old, new = (past.programme.in_force(past.purchase.occurred_at).contests for past in (before, after))
        if after.account_id is None or not (old or new):
            return
        was, scores = old.scores(before.purchase, before.returned), new.scores(after.purchase, after.returned)
        for contest in was.keys() | scores.keys():
            at = after.purchase.occurred_at if contest in scores else before.purchase.occurred_at
            self._put(Scored(after.programme.terms.id, contest, after.key, after.account_id, at, scores.get(contest, 0)))

    async def save(self, connection: Connection) -> None:
        """Write what changed; where nothing did, no statement is made."""
        await contests.save(connection, self._scored.values())

    def _put(self, scored: Scored) -> None:
        self._scored[scored.programme, scored.contest, scored.cause_key] = scored
