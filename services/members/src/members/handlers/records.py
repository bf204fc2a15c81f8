"""Writes what was decided: personal facts sealed, everything else in the open, and what is to be said of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from contracts.envelope import Event
from contracts.fields import Wire
from contracts.identifiers import member_holder
from contracts.members import IdentifierLinked, MemberRegistered
from members.clients.vault import DataKey, Vault
from members.domain.enrolment import Decision, Known
from members.domain.identifiers import Identifier
from members.handlers.submissions import SERVICE, Submission
from members.store import Connection, attempts, identifiers, members
from shared.ids import derived, event_key
from shared.outbox import Message, message_of

SOURCE = "urn:loyalty:members"
Pair = tuple[Submission, Decision]


@dataclass(frozen=True, slots=True)
class Cause:
    """The event or command that something is said because of."""

    source: str
    id: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database added to the decisions: a version for each link, and the language each older member speaks."""

    versions: dict[str, int]
    languages: dict[UUID, str]


async def keep(connection: Connection, pairs: Sequence[Pair], known: Known, *, vault: Vault, existing: Collection[bytes], now: datetime) -> Kept:
    """Write members, memberships, links, consents and attempts. Claims are the caller's."""
    keyring = await members.keyring_of(connection, {_member_of(decision) for _, decision in pairs})
    keys = {member_id: vault.unwrap(member_id, wrapped) for member_id, wrapped in keyring.wrapped.items()}
    made = {}
    for member_id in {_member_of(decision) for _, decision in pairs} - keys.keys():
        keys[member_id], made[member_id] = vault.new_key(member_id)
    taken = {decision.application.key: _taken(submission, decision, known, keys=keys, now=now) for submission, decision in pairs}
    await attempts.save(connection, list(taken.values()), existing=existing)  # first: a rival for the same registration shows here
    await members.keep_keys(connection, made)
    await members.enrol(connection, [_new_member(decision, keys) for _, decision in pairs if decision.enrols])
    await members.join(
        connection,
        [(_member_of(decision), decision.application.programme, decision.application.occurred_at) for _, decision in pairs if decision.joins],
    )
    links = [_link(decision, name, identifier, keys) for _, decision in pairs for name, identifier in decision.links.items()]
    versions = await identifiers.link(connection, links)
    await members.agree(connection, [agreement for pair in pairs for agreement in _agreements(*pair)], now=now)
    await members.drop_keys(connection, {decision.application.member_id for _, decision in pairs if decision.application.member_id != decision.member_id})
    return Kept(versions, keyring.languages)


def announcements(pairs: Sequence[Pair], kept: Kept, *, now: datetime) -> list[Message]:
    """Say who registered and which identifiers are whose, in the order it was decided."""
    messages = []
    for submission, decision in pairs:
        cause = Cause(submission.source, submission.cause, submission.traceparent)
        member_id, application = _member_of(decision), decision.application
        if decision.joins:
            registered = MemberRegistered(
                member_id=member_id,
                programme=application.programme,
                language=kept.languages.get(member_id, application.profile.language),
                registered_at=application.occurred_at,
                referred_by=application.referred_by,
            )
            messages.append(said(registered, cause=cause, holder=member_holder(member_id), now=now))
        for name, identifier in decision.links.items():
            linked = IdentifierLinked(
                member_id=member_id,
                identifier=name,
                kind=identifier.kind.value,
                link_version=kept.versions[name],
                linked_at=application.occurred_at,
            )
            messages.append(said(linked, cause=cause, holder=name, now=now))
    return messages


def said(data: Wire, *, cause: Cause, holder: str, now: datetime) -> Message:
    """Make the message of one effect of a cause. A replay says it under the same id."""
    event_id = derived(service=SERVICE, source=cause.source, cause=cause.id, type=data.type, holder=holder)
    event: Event[Any] = Event(id=str(event_id), source=SOURCE, type=data.type, time=now, data=data, traceparent=cause.traceparent)
    return message_of(event)


def _member_of(decision: Decision) -> UUID:
    assert decision.member_id is not None  # noqa: S101  only decisions with a member are kept
    return decision.member_id


def _new_member(decision: Decision, keys: dict[UUID, DataKey]) -> members.NewMember:
    member_id, profile = _member_of(decision), decision.application.profile
    seal = keys[member_id].seal
    return members.NewMember(
        member_id=member_id,
        language=profile.language,
        registered_at=decision.application.occurred_at,
        given_name=seal("member.given_name", profile.given_name) if profile.given_name else None,
        family_name=seal("member.family_name", profile.family_name) if profile.family_name else None,
        birth_date=seal("member.birth_date", profile.birth_date) if profile.birth_date else None,
    )


def _link(decision: Decision, name: str, identifier: Identifier, keys: dict[UUID, DataKey]) -> identifiers.Link:
    member_id = _member_of(decision)
    value = orjson.dumps({"typed": identifier.typed, "normal": identifier.normal}).decode()
    return identifiers.Link(
        identifier=name,
        kind=identifier.kind.value,
        member_id=member_id,
        linked_at=decision.application.occurred_at,
        sealed_value=keys[member_id].seal("link.sealed_value", value),
    )


def _agreements(submission: Submission, decision: Decision) -> list[members.Agreement]:
    """Count the boxes that were ticked once a member stands behind them."""
    if not decision.is_first_proof:
        return []
    return [
        members.Agreement(
            member_id=_member_of(decision),
            programme=decision.application.programme,
            kind=consent.kind,
            channel=consent.channel,
            text_version=consent.text_version,
            given_at=decision.application.occurred_at,
            source=submission.source,
            cause=event_key(submission.source, submission.cause),
        )
        for consent in decision.application.consents
    ]


def _taken(submission: Submission, decision: Decision, known: Known, *, keys: dict[UUID, DataKey], now: datetime) -> attempts.Taken:
    """Keep what was sent only as long as something of it waits for proof."""
    application, member_id = decision.application, _member_of(decision)
    waits = any(known.claims.get(name) == application.key for name in application.identifiers)
    return attempts.Taken(
        attempt=application.key,
        member_id=member_id,
        programme=application.programme,
        event=event_key(submission.source, submission.cause),
        opened_at=now,
        proven_at=now if decision.is_proven else None,
        sealed_submission=keys[member_id].seal("attempt.sealed_submission", submission.personal.model_dump_json()) if waits else None,
    )
