"""Points that were used, until holds at a till can use them."""

from collections.abc import Sequence
from datetime import datetime

from accrual.domain import ledger as domain
from accrual.domain.chain import canonical, link
from accrual.domain.entries import Account, Bucket, Entry, Stamp, SystemAccount, Transaction
from accrual.domain.lots import Lot, reduced
from accrual.store import accounts, ledger
from accrual.store.accounts import Standing
from shared.ids import random_id

from .conftest import Service

SHOP = """
programme: shop
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [shop]
points: {name: {en: points}, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 1.00}}
  - {id: newsletter, on: activity, when: {activity: newsletter}, give: {fixed: 25}}
"""


async def spend(service: Service, amount: int) -> None:
    """Use points of the only account of the shop that has any, as a hold at a till will: available → redeemed, out of its lots, in order."""
    async with service.pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch("select id from account where kind <> 'system' and programme = 'shop' and available > 0")
        (account_id,) = (row["id"] for row in rows)
        await accounts.lock(connection, [account_id])
        standing = (await accounts.load(connection, [account_id]))[account_id]
        lots = (await ledger.open_lots_of(connection, [account_id]))[account_id]
        booking = _spending(standing.account, lots, amount, now=service.clock())
        await ledger.book(connection, [booking], booked_at=service.clock())
        await ledger.change_lots(connection, booking.lots)
        await accounts.save(connection, [Standing(booking.accounts[0], standing.state)])


def _spending(account: Account, lots: Sequence[Lot], amount: int, *, now: datetime) -> domain.Booking:
    stamp = Stamp(random_id(), "urn:test:till", "spent", "shop", 1, now, now, evidence=b"\x01" * 32)
    balance, entries, changed = account.balance, list[Entry](), list[Lot]()
    for lot in lots:
        part = min(lot.remaining, amount)
        if part:
            amount -= part
            balance = balance._replace(available=balance.available - part)
            entries.append(Entry(account.id, account.version + 1, Bucket.AVAILABLE, -part, balance.available, lot.id))
            entries.append(Entry(SystemAccount.REDEEMED.id_in("shop"), None, Bucket.SYSTEM, part, None, lot.id))
            changed.append(reduced(lot, points=part))
    assert amount == 0
    transaction = Transaction(stamp, "spend", tuple(entries))  # type: ignore[arg-type]  # the ledger has no word for it yet
    after = Account(account.id, account.version + 1, balance, link(account.hash, canonical(transaction)))
    return domain.Booking(transaction, (after,), tuple(changed))
