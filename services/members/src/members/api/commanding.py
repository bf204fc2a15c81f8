"""Commands: register somebody, release an identifier. Each has an Idempotency-Key, so asking twice is asking once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from contracts.requests import RegistrationRequest
from members.api.parts import Desk, Release, personal_of
from members.api.replies import Accepted, Released
from members.domain.enrolment import Result
from members.domain.identifiers import Fault
from members.handlers import commands
from members.handlers.records import Cause
from members.handlers.submissions import Submission
from members.metrics import REGISTRATIONS_BY_HTTP
from members.store import Connection
from shared.auth import Principal, require
from shared.commanding import Key, answered, checked_key, refused, said
from shared.commands import Command, Reply
from shared.logs import traceparent
from shared.problems import Problem

_REGISTER, _RELEASE = "POST /v1/registrations", "POST /v1/identifiers/release"
_PROOF_FAULTS = {"proof-invalid", "proof-expired", "proof-mismatch", "proof-outdated"}


def routes(desk: Desk) -> APIRouter:
    """Return the routes that change something."""
    router = APIRouter(tags=["members"])
    for result in Result:
        REGISTRATIONS_BY_HTTP.labels(result.value)

    @router.post("/v1/registrations", status_code=202, response_model=Accepted, openapi_extra={"x-access": "registrations:write"})
    async def register(
        registration: RegistrationRequest, principal: Annotated[Principal, Depends(require(desk.verifier, "registrations:write"))], key: Key = None
    ) -> Response:
        """Take a registration. The reply is the same whether the person is known or not; what a trusted till has proven takes effect at once."""
        command = _command(desk, _REGISTER, principal, key, registration)
        results: list[Result] = []  # empty where the reply was given before

        async def effect(connection: Connection) -> Reply:
            now = desk.clock()
            registered = await commands.register(connection, _submission(registration, command, now=now), office=desk.office, now=now)
            results[:] = [registered.result]
            return _reply_to(registered, command)

        response = await answered(desk.pool, command, effect, clock=desk.clock, nudge=desk.nudge)
        for result in results:
            REGISTRATIONS_BY_HTTP.labels(result.value).inc()
        return response

    @router.post("/v1/identifiers/release", response_model=Released, openapi_extra={"x-access": "identifiers:release"})
    async def release(release: Release, principal: Annotated[Principal, Depends(require(desk.verifier, "identifiers:release"))], key: Key = None) -> Response:
        """Release a member's identifier: a lost card, a new phone. It moves no points; whoever proves it next has it."""
        command = _command(desk, _RELEASE, principal, key, release)

        async def effect(connection: Connection) -> Reply:
            now, cause = desk.clock(), Cause(_source_of(command), command.key, traceparent.get())
            if not await commands.release(connection, identifier=release.identifier, member_id=release.member_id, cause=cause, now=now):
                return refused(Problem(404, "unknown-link", "This identifier is not linked to this member"))
            return said(200, Released(member_id=release.member_id, identifier=release.identifier, released_at=now))

        return await answered(desk.pool, command, effect, clock=desk.clock, nudge=desk.nudge)

    return router


def _command(desk: Desk, route: str, principal: Principal, key: str | None, payload: BaseModel) -> Command:
    """Name a command. The hash is keyed: what was sent is personal, and a phone number is found by trying them all."""
    payload_hash = desk.office.vault.draw(b"payload", payload.model_dump_json().encode())
    return Command(caller=principal.subject, route=route, key=checked_key(key), payload_hash=payload_hash)


def _submission(registration: RegistrationRequest, command: Command, *, now: datetime) -> Submission:
    return Submission(
        source=_source_of(command),
        cause=command.key,
        registration_id=command.key,
        programme=registration.programme,
        personal=personal_of(registration),
        proof=registration.proof,
        proven_at=now,
        occurred_at=now,
        traceparent=traceparent.get(),
    )


def _source_of(command: Command) -> str:
    return f"urn:loyalty:members:http:{command.caller}"


def _reply_to(registered: commands.Registered, command: Command) -> Reply:
    """Answer alike whoever it was; only those who proved two members' identifiers are told so."""
    if registered.faults:
        return refused(_problem_of(registered.faults))
    if registered.reason == "two-members":
        return refused(Problem(409, "two-members", "These identifiers belong to two members", "Both were proven, so the two can be merged."))
    if registered.result is Result.REFUSED:
        return refused(Problem(403, "proof-refused", "The proof is not believed", reasons=[registered.reason]))
    return said(202, Accepted(registration_id=command.key))


def _problem_of(faults: Sequence[Fault]) -> Problem:
    if {fault.code for fault in faults} <= _PROOF_FAULTS:
        return Problem(403, "proof-refused", "The proof is not believed", reasons=sorted(fault.code for fault in faults))
    errors = [{"path": fault.place, "code": fault.code, "message": fault.message} for fault in faults]
    return Problem(422, "registration-refused", "The registration cannot be taken as it is", errors=errors)
