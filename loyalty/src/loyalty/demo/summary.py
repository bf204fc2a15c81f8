"""What the demo found out, as figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loyalty.demo.acts import PURCHASES, Played
from loyalty.demo.rewards import Rewards, quantile
from loyalty.demo.story import Story
from loyalty.demo.watch import Watch
from loyalty.verify.audit import Finding

_BUCKETS = ("pending", "available", "held", "debt")
_ACCOUNTS = """
    select kind, count(*) as accounts, coalesce(sum(pending), 0)::bigint as pending, coalesce(sum(available), 0)::bigint as available,
           coalesce(sum(held), 0)::bigint as held, coalesce(sum(debt), 0)::bigint as debt
    from account where kind <> 'system' and moved_to is null group by kind
"""
#: What left the holders' accounts for a system account, or came from one: seen from the holders.
_SYSTEM = """
    select system.name, coalesce(sum(entry.amount) filter (where entry.amount < 0), 0)::bigint as left_it,
           coalesce(sum(entry.amount) filter (where entry.amount > 0), 0)::bigint as came
    from entry join account as system on system.id = entry.account_id
    where system.kind = 'system' group by system.name
"""
_LETTERS = "select state, count(*) as letters from dead_letter group by state order by state"


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything `--json` prints."""

    story: Story
    played: Played
    broker: str
    verdicts: Mapping[str, int]
    accounts: Mapping[str, Mapping[str, int]]
    issued: int
    reversed: int
    expired: int
    letters: Mapping[str, int]
    latencies: list[float]
    seconds_to_first_grant: float
    findings: Sequence[Finding]

    @property
    def violations(self) -> int:
        """Count what contradicts an invariant."""
        return sum(finding.violations for finding in self.findings)

    def bucket(self, name: str) -> int:
        """Add up one bucket over all holders."""
        return sum(account[name] for account in self.accounts.values())

    def as_json(self) -> dict[str, Any]:
        """Make the one object."""
        unclaimed = self.accounts.get("unclaimed", {})
        return {
            "purchases": len(self.story.sales),
            "customers": len(self.story.people),
            "events": self.story.events,
            "purchase_events": self.story.purchase_events + self.played.redriven,
            "duplicates": self.story.sent_twice + self.story.under_a_new_id,
            "returns": self.story.returns,
            "verdicts": dict(self.verdicts),
            "dead_letters": dict(self.letters),
            "redriven": self.played.redriven,
            "members": self.accounts.get("member", {}).get("accounts", 0),
            "unclaimed": unclaimed.get("accounts", 0),
            "unclaimed_points": unclaimed.get("pending", 0) + unclaimed.get("available", 0),
            "points_issued": self.issued,
            "points_reversed": self.reversed,
            "points_expired": self.expired,
            **{f"points_{bucket}": self.bucket(bucket) for bucket in _BUCKETS},
            "violations": self.violations,
            "invariants_checked": len(self.findings),
            "seconds_to_first_grant": round(self.seconds_to_first_grant, 2),
            "events_per_second": round(self.played.events_per_second),
            "latency_p50_seconds": _rounded(quantile(self.latencies, 0.5)),
            "latency_p99_seconds": _rounded(quantile(self.latencies, 0.99)),
            "broker": self.broker,
        }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 4)


async def summarise(story: Story, played: Played, *, watch: Watch, rewards: Rewards, began: float, broker: str, findings: Sequence[Finding]) -> Summary:
    """Collect the figures from where they are kept. `began` is on the event loop's clock, as the rewards' arrivals are."""
    accounts = {row["kind"]: {name: row[name] for name in ("accounts", *_BUCKETS)} for row in await watch.accrual(_ACCOUNTS)}
    rows = await watch.accrual(_SYSTEM)
    left = {row["name"]: -row["left_it"] for row in rows}
    came = {row["name"]: row["came"] for row in rows}
    return Summary(
        story=story,
        played=played,
        broker=broker,
        verdicts={verdict: count for verdict, count in (await watch.verdicts("accrual", PURCHASES)).items() if count},
        accounts=accounts,
        issued=left.get("issued", 0),
        reversed=came.get("issued", 0),
        expired=came.get("expired", 0),
        letters={row["state"]: row["letters"] for row in await watch.accrual(_LETTERS)},
        latencies=rewards.latencies(),
        seconds_to_first_grant=(rewards.first_at or began) - began,
        findings=findings,
    )
