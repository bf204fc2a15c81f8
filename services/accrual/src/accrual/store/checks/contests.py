"""K1: what purchases and activities score in contests is what their versions say of what is left of them, and each winner got what is told."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import asyncpg

from accrual.domain.compiler import compile_document
from accrual.domain.document.reading import read_json
from accrual.domain.facts import Activity, Fact, Line, Purchase
from accrual.domain.programmes import Programmes
from accrual.domain.returns import Back, Returned
from accrual.store.checks.question import Rows, check
from shared.checks import Check, Violation

_ROWS_AT_ONCE = 500
_CONTESTED = "select programme from programme_version where document->'contests' is not null"
_VERSIONS = f"select document from programme_version where programme in ({_CONTESTED}) order by sequence"  # noqa: S608  a constant
#: Everything that was accepted in a programme that has had contests, with all that came back of it; and every score.
_DONE = f"""
    with contested as (
        {_CONTESTED}
    ), latest as (
        select distinct on (key) * from purchase where account_id is not null order by key, revision desc
    ), back as (
        select purchase_key, array_agg(returned order by number) as returned from reversal group by purchase_key
    ), done as (
        select latest.key, programme, programme_version, occurred_at, decided_as, body, back.returned, true as bought
        from latest left join back on back.purchase_key = latest.key
        where programme in (select programme from contested)
        union all
        select key, programme, programme_version, occurred_at, null, body, null, false
        from activity where account_id is not null and programme in (select programme from contested)
    ), kept as (
        select cause_key, array_agg(contest) as contests, array_agg(score) as scores from contest_score where score > 0 group by cause_key
    )
    select encode(coalesce(done.key, kept.cause_key), 'hex'), programme, programme_version, occurred_at, decided_as, body, returned, bought, contests, scores
    from done full join kept on kept.cause_key = done.key
"""  # noqa: S608  a constant
_WON = """
    select contest_prize.contest || ' of ' || contest_prize.programme || ' ' || contest_prize.account_id, 'what is told of it',
           concat_ws(' ', entry.amount, entitlement.way, entitlement.rule)
    from contest_prize
    left join entry on entry.lot_id = contest_prize.grant_id and entry.operation = 'grant'
    left join entitlement on entitlement.id = contest_prize.entitlement_id
    where (grant_id is not null and entry.amount is null)
        or (entitlement_id is not null and (entitlement.way, entitlement.rule) is distinct from ('prize', contest_prize.contest))
    order by 1
"""


async def _scores(connection: asyncpg.Connection) -> AsyncIterator[Violation]:
    """Score everything anew."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        programmes = Programmes(compile_document(read_json(json.loads(row[0]))) for row in await connection.fetch(_VERSIONS))
        async for row in connection.cursor(_DONE, prefetch=_ROWS_AT_ONCE):
            found = dict(zip(row[8] or (), row[9] or (), strict=True))
            expected = _expected(row, programmes)
            for contest in sorted(found.keys() | expected.keys()):
                if found.get(contest, 0) != expected.get(contest, 0):
                    yield Violation("K1", "contest_score", f"{row[0]} {contest}", str(expected.get(contest, 0)), str(found.get(contest, 0)))


def _expected(row: asyncpg.Record, programmes: Programmes) -> dict[str, int]:
    """Return what an event scores. What cannot be read scores nothing: I16 says so too."""
    version = None if row[1] is None else programmes.version(row[1], row[2])
    try:
        fact = _fact(row)
        returned = Returned()
        for each in row[6] or ():
            returned = returned.plus(Returned({line_id: Back(*back) for line_id, back in json.loads(each)["lines"].items()}))
    except (ValueError, KeyError, TypeError):
        return {}
    return {} if version is None else version.in_force(fact.occurred_at).contests.scores(fact, returned)


def _fact(row: asyncpg.Record) -> Fact:
    """Read a purchase, as it was decided, or an activity. Whoever registers leaves no body, and scores nothing."""
    programme, occurred_at, decided_as, body, bought = row[1], row[3], row[4], json.loads(row[5]), row[7]
    if not bought:
        return Activity(programme=programme, kind=body.get("kind", ""), occurred_at=occurred_at)
    as_of: Mapping[str, Any] = {} if decided_as is None else json.loads(decided_as)
    return Purchase(
        merchant=body["merchant"],
        purchase_id=body["purchase_id"],
        lines=tuple(_line(line) for line in body["lines"]),
        currency=body["currency"],
        occurred_at=datetime.fromisoformat(as_of["occurred_at"]) if as_of else occurred_at,
        store=as_of["store"] if as_of else body.get("store"),
    )


def _line(line: Mapping[str, Any]) -> Line:
    return Line(
        line_id=line["line_id"],
        sku=line["sku"],
        paid_amount=line["paid_amount"],
        category=line.get("category"),
        brand=line.get("brand"),
        labels=tuple(line.get("labels", ())),
        quantity=line.get("quantity", 1000),
    )


CHECKS = (
    Check("K1", "What scores in a contest is what is left of purchases and activities", _scores),
    check("K2", "Whoever won a contest's prize has been given what is told", Rows("contest_prize", _WON)),
)
