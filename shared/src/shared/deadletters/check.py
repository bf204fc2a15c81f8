"""What an audit asks of dead letters: that the inbox and their table say the same. Every service offers it among its own checks."""

from collections.abc import AsyncIterator

import asyncpg

from contracts.verdicts import Verdict
from shared.checks import Check, Violation
from shared.deadletters.table import State

_INVARIANT = "D1"
_UNEQUAL = f"""
    select encode(key, 'hex') as key, coalesce(inbox.verdict, 'another, or none') as verdict, coalesce(dead_letter.state, 'none') as state
    from (select key, verdict from inbox where verdict = '{Verdict.DEAD_LETTERED}') as inbox full join dead_letter using (key)
    where (inbox.key is null) <> coalesce(dead_letter.state = '{State.SETTLED}', false) or dead_letter.key is null
    union all
    select encode(key, 'hex'), 'none', state from dead_letter
    where state = '{State.SETTLED}' and not exists (select from inbox where inbox.key = dead_letter.key)
"""  # noqa: S608  constants


async def _agree(connection: asyncpg.Connection) -> AsyncIterator[Violation]:
    async with connection.transaction(readonly=True):
        async for row in connection.cursor(_UNEQUAL):
            expected = f"settled if and only if its verdict is another than {Verdict.DEAD_LETTERED}"
            yield Violation(_INVARIANT, "dead_letter", row["key"], expected, f"state {row['state']}, verdict {row['verdict']}")


CHECKS = (Check(_INVARIANT, "Every record put aside has its row, and each row stands as its verdict says", _agree),)
