"""The part of the page that compares two programmes: who gains, who loses."""

from collections.abc import Sequence

from accrual.domain.programme import Programme
from loyalty.analyse.customers import SEGMENTS
from loyalty.page import charts
from loyalty.page.parts import Drawing, Figure, Section, Table
from loyalty.page.writing import Money, percent, short, whole
from loyalty.simulate.comparison import NAMED, Bucket, Change, Comparison, distribution
from loyalty.simulate.result import Simulation


def against_section(found: Simulation, old: Programme, comparison: Comparison, money: Money) -> Section:
    """Return the section."""
    before, after = comparison.old, comparison.new
    more = after.most_cost - before.most_cost
    old_name = f"{old.terms.id} version {old.terms.version}"
    new_name = f"{found.programme.terms.id} version {found.programme.terms.version}"
    rows = [
        ("Return to members", percent(before.return_share, 2), percent(after.return_share, 2)),
        ("Worth of points given and kept", money(before.most_cost), money(after.most_cost)),
        ("Expected cost", money(before.cost), money(after.cost)),
        ("Expected cost, part of sales to members", percent(before.cost_share, 2), percent(after.cost_share, 2)),
    ]
    return Section(
        "Who gains and who loses",
        f"The same purchases under {old_name} and under {new_name}. Members get points worth {money(abs(more))} {'more' if more >= 0 else 'less'} in all.",
        figures=(
            Figure("Members who get more", whole(len(comparison.gaining)), _part(len(comparison.gaining), comparison)),
            Figure("Members who get less", whole(len(comparison.losing)), _part(len(comparison.losing), comparison)),
            Figure("No difference", whole(comparison.same), _part(comparison.same, comparison)),
        ),
        drawings=_distribution(comparison, money),
        tables=(
            Table(("Side by side", old_name, new_name), rows),
            _segments(comparison, money),
            *_named(comparison.gaining, "gain", money),
            *_named(comparison.losing, "lose", money),
        ),
        remarks=_transition(found),
    )


def _transition(found: Simulation) -> tuple[str, ...]:
    transition, times = found.programme.document.transition, found.outcome.by_before
    if transition is None or not times:
        return ()
    told = f"{whole(times)} times the version before gives more and decides, as the transition until {transition.until} says."
    return (f"{told} --years-later shows what comes after it.",)


def _part(members: int, comparison: Comparison) -> str:
    return f"{percent(members / max(len(comparison.changes), 1))} of members"


def _distribution(comparison: Comparison, money: Money) -> tuple[Drawing, ...]:
    buckets = _filled(distribution(comparison, unit=money.major(1) ** -1))
    if not buckets:
        return ()
    # Losers stand below the line: one look tells on which side more people are.
    values = [float(bucket.members) if bucket.low is not None and bucket.low >= 0 else -float(bucket.members) for bucket in buckets]
    says = f"Members by how much they gain (up) or lose (down), in {money.currency}"
    return (charts.columns({"members": values}, [_span(bucket) for bucket in buckets], write=lambda value: short(abs(value)), says=says, signed=True),)


def _filled(buckets: Sequence[Bucket]) -> Sequence[Bucket]:
    """Leave out the outer buckets in which nobody is."""
    places = [place for place, bucket in enumerate(buckets) if bucket.members]
    return buckets[places[0] : places[-1] + 1] if places else ()


def _span(bucket: Bucket) -> str:
    if bucket.low is None:
        return f"< {short(bucket.high or 0)}"
    return f"> {short(bucket.low)}" if bucket.high is None else f"{short(bucket.low)}…{short(bucket.high)}"


def _segments(comparison: Comparison, money: Money) -> Table:
    rows = []
    for name in SEGMENTS:
        group = comparison.segments.get(name)
        if group is not None:
            change = (group.new - group.old) / group.members
            rows.append((name, whole(group.members), whole(group.gain), whole(group.lose), money(group.old), money(group.new), money(change)))
    return Table(("Segment", "Members", "Gain", "Lose", "Before", "After", "Change for each"), rows, caption="By segment")


def _named(changes: Sequence[Change], does: str, money: Money) -> tuple[Table, ...]:
    if not changes:
        return ()
    rows = [(change.member, money(change.revenue), money(change.old), money(change.new), money(change.difference)) for change in changes[:NAMED]]
    return (Table(("Member", "Sales", "Before", "After", "Change"), rows, caption=f"Who would {does} most"),)
