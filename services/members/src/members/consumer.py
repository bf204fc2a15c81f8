"""How registrations and the ledger's events reach members."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts.envelope import Event
from contracts.personal import SealKey, UnreadablePersonalPart, decrypt_personal
from contracts.registrations import RegistrationSubmitted
from contracts.rewards import Change
from contracts.verdicts import Verdict
from members.domain.enrolment import Decision, Result
from members.domain.identifiers import Fault
from members.handlers import registrations, rewards
from members.handlers.registrations import Case
from members.handlers.submissions import Office, Submission, read
from members.store import Connection, waiting
from shared.batches import Outcome, PoisonMessage
from shared.outbox import Message

VERDICTS = {
    Result.ENROLLED: Verdict.APPLIED,
    Result.JOINED: Verdict.APPLIED,
    Result.WAITING: Verdict.WAITING,
    Result.DUPLICATE: Verdict.DUPLICATE,
    Result.REFUSED: Verdict.REFUSED,
}


class Registrations:
    """Gives every registration of a batch its verdict."""

    def __init__(self, office: Office, letters_key: SealKey) -> None:
        self._office = office
        self._letters_key = letters_key

    async def lock(self, connection: Connection, events: Sequence[Event[RegistrationSubmitted]]) -> None:
        """Lock what the readable ones touch; the others will not be written."""
        cases = []
        for event in events:
            await asyncio.sleep(0)  # reading one takes about a millisecond: requests get their turn in between
            try:
                case = self._read(event, now=event.data.occurred_at)
            except PoisonMessage:
                continue
            if isinstance(case, Case):
                cases.append(case)
        await registrations.lock(connection, cases, office=self._office)

    async def decide(self, connection: Connection, events: Sequence[Event[RegistrationSubmitted]], *, now: datetime) -> tuple[list[Outcome], list[Message]]:
        """Register those without faults, in order; refuse the others with all their reasons."""
        read_events = []
        for event in events:
            await asyncio.sleep(0)
            read_events.append(self._read(event, now=now))
        cases = [case for case in read_events if isinstance(case, Case)]
        decisions, messages = await registrations.register(connection, cases, office=self._office, now=now)
        decided = iter(decisions)
        outcomes = [_outcome_of(next(decided)) if isinstance(each, Case) else refusal(each) for each in read_events]
        return outcomes, messages

    def _read(self, event: Event[RegistrationSubmitted], *, now: datetime) -> Case | tuple[Fault, ...]:
        try:
            personal = decrypt_personal(event.data.personal, self._letters_key)
        except UnreadablePersonalPart as error:
            raise PoisonMessage("undecryptable", str(error)) from None
        submission = Submission(
            source=event.source,
            cause=event.id,
            registration_id=event.data.registration_id,
            programme=event.data.programme,
            personal=personal,
            proof=event.data.proof,
            proven_at=event.time or event.data.occurred_at,
            occurred_at=event.data.occurred_at,
            traceparent=event.traceparent,
        )
        application = read(submission, office=self._office, now=now)
        if isinstance(application, tuple):
            return application
        if next(iter(application.identifiers)) != event.data.identifier:
            raise PoisonMessage("key-mismatch", "the record's key is not the hash of the first identifier inside")
        return Case(submission, application)


class Rewards:
    """Keeps what waits for guests up to date."""

    async def lock(self, connection: Connection, events: Sequence[Event[Any]]) -> None:
        """Lock the accounts that these events changed."""
        await waiting.lock(connection, {rewards.account_of(event) for event in events if isinstance(event.data, Change)})

    async def decide(self, connection: Connection, events: Sequence[Event[Any]], *, now: datetime) -> tuple[list[Outcome], list[Message]]:  # noqa: ARG002  a fold needs no clock
        """Take in the changes of accounts; what changed no account is applied by having been heard."""
        counted = iter(await rewards.apply(connection, [event for event in events if isinstance(event.data, Change)]))
        outcomes = [Outcome(Verdict.APPLIED if not isinstance(event.data, Change) or next(counted) else Verdict.STALE) for event in events]
        return outcomes, []


def refusal(faults: Sequence[Fault]) -> Outcome:
    """Refuse with every reason once, in one order."""
    return Outcome(Verdict.REFUSED, ",".join(sorted({fault.code for fault in faults})))


def _outcome_of(decision: Decision) -> Outcome:
    return Outcome(VERDICTS[decision.result], decision.reason)
