"""What accrual remembers. SQL, and only SQL: functions take a connection inside the caller's transaction and return domain values.

`holders` whose account, `accounts` balances and counters, `ledger` entries and lots, `causes` purchases and activities, `returns`
what came back of them, `waiting` what came before them, `programmes` documents, `due` what the clock brings, `reading` what people ask,
`social` links that were shown, `contests` scores and places,
`shared` what is counted for all accounts together, `coupons` codes issued one by one, `segments` who belongs where and since when, `checks` what an audit asks.
"""

import asyncpg

Connection = asyncpg.Connection

__all__ = ["Connection"]
