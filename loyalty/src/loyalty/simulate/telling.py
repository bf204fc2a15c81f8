"""Fills the page about a simulation, in words that an owner uses."""

from collections import Counter
from fractions import Fraction

from accrual.domain.programme import Programme
from accrual.domain.settlement import PROGRAMME, RECEIPT
from loyalty.analyse.customers import SEGMENTS
from loyalty.page import charts
from loyalty.page.parts import Figure, Page, Section, Table
from loyalty.page.writing import Money, Points, day, months_named, percent, short, whole
from loyalty.simulate.outcome import Outcome
from loyalty.simulate.replay import rules_of
from loyalty.simulate.result import Simulation
from loyalty.simulate.telling_against import against_section
from loyalty.simulate.telling_goals import goals_section
from loyalty.simulate.telling_scenario import scenario_section

TOP = 10
#: Reasons are told in one line.
LONG = 90
_OWN_NAMES = {PROGRAMME: "Caps of the programme", RECEIPT: "Rounding of receipts"}


def page_of(found: Simulation) -> Page:
    """Return the page."""
    terms, history, outcome = found.programme.terms, found.history, found.outcome
    money, points = Money(history.currency), points_of(found.programme)
    returns = f" and {whole(outcome.returns)} returns" if outcome.returns else ""
    subtitle = (
        f"{whole(outcome.purchases)} real purchases{returns} of {whole(len(outcome.members))} customers, {day(history.first_day)} to "
        f"{day(history.last_day)} ({history.source}), decided by the rules of version {terms.version} as if it had been in force."
    )
    sections = [_discounts_section(found, money)] if found.programme.document.all_discounts else []
    if outcome.issued:
        sections += [_points_section(outcome, money, points), _rules_section(found, money, points)]
    elif outcome.rewards:
        sections.append(Section("Rewards", "What members get that is not points.", remarks=_rewards(outcome)))
    sections += [*_tier_sections(found), _members_section(found, money, points)]
    if found.against is not None:
        sections.insert(0, against_section(found, *found.against, money))
    if found.goals:
        sections.append(goals_section(found, money))
    if found.model is not None:
        sections.append(scenario_section(found.model, money))
    return Page(f"{name_of(found.programme)}: what it does", subtitle, _key_figures(found, money, points), sections, _notes(found, money))


def name_of(programme: Programme) -> str:
    """Return a programme's name."""
    names = programme.terms.names
    return names.get("en") or next(iter(names.values()), programme.terms.id)


def points_of(programme: Programme) -> Points:
    """Return how to write a programme's points."""
    names = programme.terms.point_names
    return Points(names.get("en") or next(iter(names.values()), "points"), programme.terms.decimals)


def _key_figures(found: Simulation, money: Money, points: Points) -> list[Figure]:
    outcome, figures = found.outcome, list[Figure]()
    if outcome.issued:
        kept, taken = points(outcome.issued - outcome.taken_back), points(outcome.taken_back)
        figures.append(Figure(f"{points.name.capitalize()} given and kept", kept, f"{taken} more were taken back for returns"))
    if outcome.discounts:
        figures.append(Figure("Taken off by discounts", money(outcome.discounted), f"of sales of {money(outcome.revenue)} at the prices of then"))
    if_spent = f", if {percent(outcome.redemption, 0)} of the points are spent" if outcome.issued else ""
    figures += [
        Figure("Expected cost", money(outcome.cost), f"{percent(outcome.cost_share, 2)} of sales to members{if_spent}"),
        Figure("Return to members", percent(outcome.return_share, 2), f"{money(outcome.most_cost)} at most, of sales to members"),
        Figure("Sales to members", money(outcome.members_revenue), f"of {money(outcome.revenue)} in all"),
    ]
    if found.margin is not None and outcome.revenue > 0:
        after = found.margin - outcome.cost / outcome.revenue
        figures.append(Figure("Margin after rewards", percent(after, 2), f"{percent(found.margin, 2)} without a programme, if nobody buys more"))
    return figures


def _discounts_section(found: Simulation, money: Money) -> Section:
    outcome = found.outcome
    named = {id_: discount.name.get("en", id_) if discount.name else id_ for id_, discount, _ in found.programme.document.all_discounts}
    rows = [(named[name], whole(times), money(amount)) for name, (times, amount) in sorted(outcome.discounts.items(), key=lambda one: -one[1][1])]
    labels = months_named(list(outcome.months))
    taken = {"taken off": [money.major(month.discounts) for month in outcome.months.values()]}
    never = [name for id_, name in named.items() if id_ not in outcome.discounts]
    return Section(
        "Discounts",
        "What was paid then is taken for the price before discounts.",
        drawings=(charts.columns(taken, labels, write=short, says=f"Taken off, in {money.currency} by month"),),
        tables=(Table(("Discount", "Times", "Taken off"), rows),) if rows else (),
        remarks=[f"The discount {name} was never given." for name in never],
    )


def _points_section(outcome: Outcome, money: Money, points: Points) -> Section:
    labels, months = months_named(list(outcome.months)), list(outcome.months.values())
    flows = {
        "given": [points.major(month.issued) for month in months],
        "taken back": [-points.major(month.taken_back) for month in months],
        "spent": [-points.major(month.spent) for month in months],
        "expired": [-points.major(month.expired) for month in months],
    }
    costs = {
        "expected cost of what was given": [money.major(outcome.money((month.issued - month.taken_back) * outcome.redemption)) for month in months],
        "paid out, as members spent": [money.major(outcome.money(month.spent)) for month in months],
    }
    rows = [
        (
            label,
            whole(month.purchases),
            money(month.members_revenue),
            points(month.issued),
            points(month.taken_back),
            points(month.spent),
            points(month.expired),
        )
        for label, month in zip(labels, months, strict=True)
    ]
    used = {name: values for name, values in flows.items() if any(values)}
    return Section(
        f"{points.name.capitalize()} and their cost over time",
        f"At the end {points(outcome.open_points)} {points.name} are still to be spent: {money(outcome.money(outcome.open_points))} that the business owes.",
        drawings=(
            charts.columns(used, labels, write=short, says=f"{points.name.capitalize()} that came and went, by month"),
            charts.lines(costs, labels, write=short, says=f"What they cost, in {money.currency} by month"),
        ),
        tables=(Table(("Month", "Purchases", "Sales to members", "Given", "Taken back", "Spent", "Expired"), rows),),
    )


def _rules_section(found: Simulation, money: Money, points: Points) -> Section:
    outcome = found.outcome
    levels = {f"tier:{level}": f"Level {name}" for level, name in _levels(found.programme).items()}
    named = rules_of(found.programme) | levels | _OWN_NAMES
    ordered = sorted(outcome.rules.items(), key=lambda one: -one[1].points)
    giving = [(rule, sums) for rule, sums in ordered if sums.points]
    total = sum((sums.points for _, sums in ordered), Fraction(0)) or Fraction(1)
    rows = [
        (
            named.get(rule, rule),
            whole(sums.times) if sums.times else "",
            points(sums.points),
            percent(sums.points / total),
            money(outcome.money(sums.points)),
            _cut(sums.capped),
        )
        for rule, sums in giving
    ]
    drawing = charts.bars(
        [(named.get(rule, rule), money.major(outcome.money(sums.points * outcome.redemption))) for rule, sums in giving],
        write=whole,
        says=f"Expected cost of each rule before returns, in {money.currency}",
    )
    return Section(
        "What each rule gives",
        "Rules add up to everything that was given. Rounding and caps take away, so they stand below 0.",
        drawings=(drawing,) if giving else (),
        tables=(Table(("Rule", "Times", points.name.capitalize(), "Share", "Worth in full", "Cut by a cap"), rows),) if rows else (),
        remarks=[
            *_limits(outcome),
            *_silent(found, named),
            *_rewards(outcome),
        ],
    )


def _cut(times: int) -> str:
    return f"{whole(times)} x" if times else ""


def _silent(found: Simulation, named: dict[str, str]) -> list[str]:
    """Say of rules that never gave anything why not, as they said most often."""
    told = []
    for rule in rules_of(found.programme):
        if not found.outcome.rules[rule].times:
            reasons = [(text, times) for (name, _, text), times in found.outcome.silent.most_common() if name == rule]
            why = f": {_shortened(reasons[0][0])} ({whole(reasons[0][1])} times)" if reasons else ": nothing in the data could"
            told.append(f"The rule {named[rule]} never gave anything{why}.")
    return told


def _limits(outcome: Outcome) -> list[str]:
    """Say of limits of the programme as a whole, those against fraud among them, how often they were met."""
    met = [(text, times) for (name, _, text), times in outcome.silent.most_common() if name == PROGRAMME]
    return [f"Nothing was earned {whole(times)} x: {text}." for text, times in met]


def _rewards(outcome: Outcome) -> list[str]:
    return [f"The reward {reward} was given {whole(count)} x." for reward, count in outcome.rewards.most_common()]


def _shortened(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG].rsplit(' ', 1)[0]} …"


def _levels(programme: Programme) -> dict[str, str]:
    """Return the names of the levels, the lowest first."""
    return {} if programme.ladder is None else {level.id: level.names.get("en", level.id) for level in programme.ladder.levels}


def _tier_sections(found: Simulation) -> list[Section]:
    levels, months = _levels(found.programme), found.outcome.months
    if not levels:
        return []
    series = {name: [float(month.tiers[level]) for month in months.values()] for level, name in levels.items()}
    drawing = charts.columns(series, months_named(list(months)), write=short, says="Members who bought in the month, by level")
    at_end = Counter(sums.tier for sums in found.outcome.members.values())
    total = len(found.outcome.members)
    rows = [(name, whole(at_end[level]), percent(at_end[level] / total)) for level, name in levels.items()]
    table = Table(("Level", "Members", "Share"), rows, caption="At the end")
    return [Section("Levels over time", "Where members stood at their last purchase of each month.", drawings=(drawing,), tables=(table,))]


def _members_section(found: Simulation, money: Money, points: Points) -> Section:
    outcome = found.outcome
    rows = []
    for segment, meaning in SEGMENTS.items():
        members = [sums for name, sums in outcome.members.items() if found.segment_of.get(name) == segment]
        revenue, kept = sum(sums.revenue for sums in members), sum(sums.kept for sums in members)
        if members:
            given_back = percent(outcome.money(kept) / revenue, 2) if revenue > 0 else ""
            rows.append((segment, meaning, whole(len(members)), money(revenue), points(kept), given_back))
    top = sorted(outcome.members.items(), key=lambda one: (-one[1].kept, one[0]))[:TOP]
    best = [(name, whole(sums.purchases), money(sums.revenue), points(sums.kept), money(outcome.money(sums.kept))) for name, sums in top]
    return Section(
        "Who gets it",
        "Customers by how lately, how often and how much they bought.",
        tables=(
            Table(("Segment", "They", "Members", "Sales", points.name.capitalize(), "Return"), rows, words=2),
            Table(("Member", "Purchases", "Sales", points.name.capitalize(), "Worth in full"), best, caption=f"The {len(best)} who get most"),
        ),
    )


def _notes(found: Simulation, money: Money) -> list[str]:
    outcome = found.outcome
    name, spent = points_of(found.programme).name, percent(outcome.redemption, 0)
    notes = [
        "Every identified customer is taken for a member who joins with the first purchase in the data and is welcomed as the programme says.",
        f"Of {name} given and kept {spent} are expected to be spent: at the next visits, the oldest first. What expires before costs nothing.",
        "People are taken to have bought what they bought: no rule makes anybody buy more or less here. What a programme may change is in the economic model.",
        "Points are worth what the programme says. What a point costs you may be less, where members choose goods with a margin.",
        "Points that paid for goods that came back stay spent here.",
    ]
    if found.margin is None:
        notes.append("The data hold no cost of goods, so nothing is said of the margin. Map a column to cost_amount, or add --margin 40%.")
    if found.programme.asks_segments:
        notes.append("Nobody is in a segment here: what is meant for segments is not given.")
    if outcome.anonymous:
        notes.append(f"{whole(outcome.anonymous)} purchases name no customer: they are in the sales and earn nothing.")
    if outcome.rewards:
        notes.append("Rewards that are not points are counted, and are not in the cost: the document does not say what they cost you.")
    if outcome.discounts:
        notes.append("Returns are reckoned at the discounted price. Coupons count where the data name them.")
    if outcome.returns:
        missing = (
            f" {whole(outcome.unmatched_returns)} lines came back of goods that nobody is known to have bought, and took nothing."
            if outcome.unmatched_returns
            else ""
        )
        notes.append(
            f"Returns take back what the goods that are left do not earn, by the rules that gave it; goods are looked for in the newest purchases.{missing}"
        )
    if outcome.forgiven:
        notes.append(f"For {money(outcome.money(outcome.forgiven))} of what returns took back, the points had been spent already.")
    notes += [f"Refused {whole(count)} x: {reason}." for reason, count in outcome.refused.most_common()]
    return [*notes, *found.history.notes]
