"""Topic `activities`: what else can earn. One deed, named by programme, kind and id, earns once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from accrual.handlers.books import Books
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.counting import lock_common
from accrual.handlers.deeds import Deed, Deeds, activity, counted_by, decided_by
from accrual.handlers.posts import Posts
from accrual.handlers.routes import Batch, Held, lock_accounts
from accrual.handlers.surroundings import Surroundings
from accrual.handlers.tiers import Levels
from accrual.store import Connection, causes, social
from contracts.activities import ActivityRecorded
from contracts.envelope import Event
from shared.batches import Outcome
from shared.clock import Clock
from shared.outbox import Message


class Activities:
    """Gives each activity its verdict."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._held = Held[Deed]()

    async def lock(self, connection: Connection, events: Sequence[Event[ActivityRecorded]]) -> None:
        """Lock the deeds, then identifiers and accounts, then what is counted together; open accounts for holders who have none in the programme."""
        programmes = await self._catalogue.current(connection)
        now = self._clock()
        deeds = {id(event): activity(event, programmes, now=now) for event in events}
        await causes.lock_anchors(connection, [key for deed in deeds.values() for key in deed.anchors])
        route = await lock_accounts(connection, (deed.wanted for deed in deeds.values() if deed.wanted is not None))
        common = await lock_common(connection, decided_by(deeds.values()))
        self._held.keep(connection, Batch(deeds, route, programmes=programmes, common=common))

    async def decide(self, connection: Connection, events: Sequence[Event[ActivityRecorded]], *, now: datetime) -> tuple[list[Outcome], list[Message]]:
        """Decide the events in their order, each seeing what those before it did."""
        batch = self._held.of(connection)
        route, deeds = batch.route, [batch.of(event) for event in events]
        account_ids = {route.to(deed.wanted).account_id for deed in deeds if deed.wanted is not None}
        decided = decided_by(deeds)
        levels = await Levels.open(connection, batch.programmes, account_ids, of={programme.terms.id for programme, _ in decided})
        around = await Surroundings.open(connection, batch.common, account_ids, (programme for programme, _ in decided), levels=levels)
        books = await Books.open(connection, account_ids, counted=counted_by(deeds, route), around=around)
        posts = [deed.post for deed in deeds if deed.post is not None]
        keys = [deed.key for deed in deeds]
        done = await causes.known_activities(connection, keys) | (await social.known(connection, keys) if batch.programmes.publish else set())
        desk = Deeds(books, route, done, now=now, posts=await Posts.open(connection, posts))
        outcomes = [desk.decide(deed) for deed in deeds]
        await desk.save(connection)
        await books.save(connection, now=now)
        outcomes[-1] = replace(outcomes[-1], committed=books.count)
        return outcomes, desk.messages
