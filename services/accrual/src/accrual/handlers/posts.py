"""The social actions of a batch of activities: a link is shown once, and what an operator must see waits for one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from accrual.domain.decisions import Reason, Refusal
from accrual.domain.document.social import SocialAction
from accrual.domain.programme import Programme
from accrual.domain.social import lapses_at
from accrual.handlers.keys import deed_key
from accrual.store import Connection, social, waiting
from accrual.store.social import Action
from accrual.store.waiting import Waiter
from contracts.activities import ActivityRecorded
from contracts.envelope import Event
from shared.ids import derived, event_key

_KNOWN = Refusal(Reason.LINK_KNOWN, "this link was shown before")


@dataclass(frozen=True, slots=True)
class Post:
    """What an activity shows: its link in its normal form, as the programme's section takes it."""

    programme: str
    action: SocialAction
    link: str

    @property
    def key(self) -> bytes:
        """Return the key under which everybody meets who shows this link."""
        return deed_key(self.programme, "link", self.link)


def post_of(data: ActivityRecorded, programme: Programme) -> Post | Refusal | None:
    """Return what an activity shows, or why it is not taken; None where it is no social action."""
    action = programme.social.of(data.kind)
    if action is None:
        return None
    link = programme.social.link_of(action, data.link)
    return link if isinstance(link, Refusal) else Post(programme.terms.id, action, link)


class Posts:
    """Which links were shown before, and which wait from now on. Nothing is in the database before `save`."""

    def __init__(self, taken: set[social.Link] | None = None) -> None:
        self._taken = taken if taken is not None else set()
        self._new: list[Action] = []
        self._waiting: list[Waiter] = []

    @classmethod
    async def open(cls, connection: Connection, posts: Sequence[Post]) -> "Posts":
        """Read what is known of these links, which must be locked; no statement where there are none."""
        return cls(await social.taken(connection, [(post.programme, post.link) for post in posts])) if posts else cls()

    def refusal(self, post: Post) -> Refusal | None:
        """Return why a link cannot be shown, if it cannot."""
        return _KNOWN if (post.programme, post.link) in self._taken else None

    def accept(self, post: Post, event: Event[ActivityRecorded], key: bytes, account_id: UUID, *, now: datetime) -> None:
        """Remember a link that needs nobody's approval."""
        self._add(self._action(post, event, key, account_id, now=now)._replace(state="approved", decided_at=now))

    def wait(self, post: Post, event: Event[ActivityRecorded], key: bytes, account_id: UUID, body: bytes, *, now: datetime) -> None:
        """Let an operator look at it before it earns."""
        self._add(self._action(post, event, key, account_id, now=now))
        occurred_at = event.data.occurred_at.astimezone(UTC)
        self._waiting.append(
            Waiter(event_key(event.source, event.id), key, None, occurred_at, event.source, event.id, event.type, event.traceparent, body, None)
        )

    async def save(self, connection: Connection, *, now: datetime) -> None:
        """Write the links, and what waits; no statement where there are none."""
        if self._new:
            await social.add(connection, self._new)
            await waiting.add(connection, self._waiting, arrived_at=now)

    def _action(self, post: Post, event: Event[ActivityRecorded], key: bytes, account_id: UUID, *, now: datetime) -> Action:
        id_ = derived(service="accrual", source=event.source, cause=event.id, type="social-action", holder="")
        until = lapses_at(post.action, asked_at=now)
        return Action(id_, key, event_key(event.source, event.id), account_id, now, until, post.programme, post.action.id, post.link)

    def _add(self, action: Action) -> None:
        self._taken.add((action.programme, action.link))
        self._new.append(action)
