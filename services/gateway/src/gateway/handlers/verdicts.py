"""What became of an event, whoever of the services decided it."""

from http import HTTPStatus

from contracts.replies import EventVerdict
from gateway.clients.accrual import Accrual
from gateway.clients.members import Members
from gateway.clients.services import Asking
from shared.problems import Problem


async def verdict_of(source: str, event_id: str, *, accrual: Accrual, members: Members, asking: Asking) -> EventVerdict:
    """Find the verdict of an event. Most are accrual's, so members is asked only where accrual has never met it.

    Raises Problem 404 only where both have said that they do not know it.
    """
    try:
        return await accrual.verdict(asking, source=source, event_id=event_id)
    except Problem as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
    return await members.verdict(asking, source=source, event_id=event_id)
