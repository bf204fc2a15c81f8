"""Answers that more than one service owns: asked in parallel, composed, and honest about what is missing."""

import asyncio
from collections.abc import Awaitable
from typing import Literal, TypeVar

from contracts.identifiers import member_holder
from contracts.replies import Account, Balance, LookUp, Member, Reply, Resolved
from gateway.clients.accrual import Accrual
from gateway.clients.members import Members
from gateway.clients.problems import Unavailable
from gateway.clients.services import Asking
from gateway.metrics import PARTIAL
from shared.problems import Problem

NOT_FOUND = 404

Part = Literal["member", "accounts"]
Answered = TypeVar("Answered", bound=Reply)


async def look_up(identifier: bytes, *, accrual: Accrual, members: Members, asking: Asking, resolving: Asking) -> LookUp:
    """Find a member and the accounts by an identifier as a person gave it. Only the owner of identifiers is indispensable.

    The parts are asked in the caller's own name, so that nobody sees here what they could not see elsewhere; `resolving` only
    turns the identifier into its hash.
    """
    resolved = await members.resolve(identifier, resolving)
    member, accounts = await asyncio.gather(_member(resolved, members, asking), _accounts(resolved, accrual, asking))
    parts: tuple[tuple[Part, object], ...] = (("member", member), ("accounts", accounts))
    unavailable = tuple(part for part, answer in parts if isinstance(answer, Unavailable))
    for part in unavailable:
        PARTIAL.labels(part).inc()
    return LookUp(
        identifier=resolved.identifier,
        member=None if isinstance(member, Unavailable) else member,
        accounts=None if isinstance(accounts, Unavailable) else accounts,
        unavailable=unavailable,
    )


async def _member(resolved: Resolved, members: Members, asking: Asking) -> Member | Unavailable | None:
    if resolved.member_id is None:
        return None
    return await _part(members.member(resolved.member_id, asking))


async def _accounts(resolved: Resolved, accrual: Accrual, asking: Asking) -> tuple[Account, ...] | Unavailable:
    holder = resolved.identifier if resolved.member_id is None else member_holder(resolved.member_id)
    balance = await _part(accrual.balance(holder, asking))
    return balance.accounts if isinstance(balance, Balance) else balance or ()


async def _part(asked: Awaitable[Answered]) -> Answered | Unavailable | None:
    """Return a part of an answer: None where its owner knows nothing, Unavailable where it said nothing."""
    try:
        return await asked
    except Unavailable as fault:
        return fault
    except Problem as problem:
        if problem.status == NOT_FOUND:
            return None
        raise
