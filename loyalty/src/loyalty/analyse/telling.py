"""Fills the page about purchases, in words that an owner uses."""

from bisect import bisect_left
from calendar import day_abbr
from fractions import Fraction
from itertools import pairwise

from loyalty.analyse.customers import SEGMENTS
from loyalty.analyse.facts import GAPS, Facts
from loyalty.analyse.levers import levers_of, prices_of
from loyalty.history.events import History
from loyalty.page import charts
from loyalty.page.parts import Figure, Page, Section, Table
from loyalty.page.writing import Money, day, months_named, percent, short, whole

#: Of the points of a usual programme, so many are spent.
USUAL_REDEMPTION = Fraction(7, 10)
COHORTS_SHOWN = MONTHS_SHOWN = 12
#: Receipts up to so many lines, in columns.
LINES = (1, 2, 3, 4, 6, 10, 15, 25, 50)
_HALF = 0.5


def page_of(history: History, facts: Facts, margin: Fraction | None) -> Page:
    """Return the page."""
    money = Money(history.currency)
    returns = f" and {whole(facts.returns)} returns" if facts.returns else ""
    subtitle = f"{whole(facts.purchases)} purchases{returns}, {day(history.first_day)} to {day(history.last_day)} ({history.source})."
    known = facts.known_revenue / facts.revenue if facts.revenue > 0 else 0
    figures = [
        Figure("Sales", money(facts.revenue), f"less {money(facts.returned)} that came back" if facts.returned else "nothing came back"),
        Figure("Customers", whole(facts.customers), f"{percent(known)} of the sales name one"),
        Figure("Middle receipt", money(facts.middle_receipt), "half are larger, half smaller"),
        Figure("Come again", percent(facts.repeating / max(facts.customers, 1)), "of the customers bought more than once"),
    ]
    sections = [_moves_section(facts, margin, money), _concentration_section(facts, money), _rhythm_section(facts), _time_section(facts, money)]
    if facts.cohorts:
        sections.append(_cohort_section(facts))
    sections.append(_basket_section(facts, money))
    notes = [
        "Sales are what was paid less what came back; customers are those whom the data name.",
        "What could be moved is arithmetic on these data, not a forecast: it says what a small change would be worth, not that it will come.",
        *history.notes,
    ]
    return Page("Who buys, and what a programme could move", subtitle, figures, sections, notes)


def _moves_section(facts: Facts, margin: Fraction | None, money: Money) -> Section:
    levers = levers_of(facts)
    prices = [
        (
            percent(price.share, 0),
            money(price.cost),
            "needs the margin: --margin" if margin is None else "never" if price.uplift is None else percent(price.uplift),
        )
        for price in prices_of(facts, margin, redemption=USUAL_REDEMPTION)
    ]
    return Section(
        "What a programme could move",
        "Each habit, changed a little, and what that would bring in sales a year.",
        drawings=(charts.bars([(lever.change, money.major(lever.revenue)) for lever in levers], write=whole, says=f"Sales a year, in {money.currency}"),),
        tables=(
            Table(("Habit", "If", "Sales a year"), [(lever.habit, lever.change, money(lever.revenue)) for lever in levers], words=2),
            Table(
                ("Return to members", "Costs a year", "Paid for by so many more sales"),
                prices,
                caption=f"What a programme may cost, if {percent(USUAL_REDEMPTION, 0)} of the points are spent",
            ),
        ),
    )


def _concentration_section(facts: Facts, money: Money) -> Section:
    total = facts.known_revenue or 1
    labels = ["best", *(f"{number}." for number in range(2, 11))]
    rows = []
    for name, meaning in SEGMENTS.items():
        found = facts.segments.get(name)
        if found is not None:
            each = found.revenue / found.customers
            rows.append((name, meaning, whole(found.customers), percent(found.revenue / total), money(each), f"{found.purchases / found.customers:.1f}"))
    return Section(
        "Who the sales depend on",
        f"The best tenth of the customers makes {percent(facts.tenths[0] / total)} of the sales to known customers, the lower half"
        f" {percent(sum(facts.tenths[5:]) / total)}.",
        drawings=(
            charts.columns(
                {"share": [100 * tenth / total for tenth in facts.tenths]},
                labels,
                write=lambda value: f"{value:.0f} %",
                says="Share of sales by tenth of customers",
            ),
        ),
        tables=(Table(("Segment", "They", "Customers", "Of sales", "Each", "Purchases each"), rows, words=2, caption="By how lately, how often and how much"),),
    )


def _rhythm_section(facts: Facts) -> Section:
    counts = [0] * (len(GAPS) + 1)
    for gap in facts.gaps:
        counts[bisect_left(GAPS, gap)] += 1
    labels = [f"≤ {days}" for days in GAPS] + [f"> {GAPS[-1]}"]
    week = {day_abbr[weekday]: [float(count) for count in hours] for weekday, hours in facts.week.items()}
    busy = sum(sum(hours) for hours in week.values())
    at_one_hour = max(sum(hours[hour] for hours in week.values()) for hour in range(24)) > _HALF * busy
    middle = facts.middle_gap
    drawings = []
    if facts.gaps:
        drawings.append(
            charts.columns({"times": [float(count) for count in counts]}, labels, write=short, says="Days from one purchase of a customer to the next")
        )
    if not at_one_hour:  # a file with days only says nothing of hours
        drawings.append(charts.heat(week, [str(hour) for hour in range(24)], write=short, says="Purchases by weekday and hour"))
    lead = "Nobody bought twice." if middle is None else f"Who comes again comes after {whole(middle)} days, as often sooner as later."
    return Section("The rhythm", lead, drawings=drawings)


def _time_section(facts: Facts, money: Money) -> Section:
    labels = months_named(list(facts.months))
    series = {
        "known customers": [money.major(known) for _, known, _ in facts.months.values()],
        "nobody known": [money.major(nobody) for _, _, nobody in facts.months.values()],
    }
    used = {name: values for name, values in series.items() if any(values)}
    rows = [(label, whole(count), money(known), money(nobody)) for label, (count, known, nobody) in zip(labels, facts.months.values(), strict=True)]
    return Section(
        "Sales over time",
        drawings=(charts.columns(used, labels, write=short, says=f"Sales by month, in {money.currency}"),),
        tables=(Table(("Month", "Purchases", "Known customers", "Nobody known"), rows),),
    )


def _cohort_section(facts: Facts) -> Section:
    shown = facts.cohorts[:COHORTS_SHOWN]
    width = min(max(len(cohort.active) for cohort in shown), MONTHS_SHOWN)
    labels = months_named([cohort.month for cohort in shown])
    rows = [
        (label, whole(cohort.customers), *(percent(count / cohort.customers, 0) for count in cohort.active[:width]), *[""] * (width - len(cohort.active)))
        for label, cohort in zip(labels, shown, strict=True)
    ]
    return Section(
        "Do they stay?",
        "Customers by the month of their first purchase in the data, and how many of them bought in the months after it.",
        tables=(Table(("First bought", "Customers", *(f"+{number}" for number in range(1, width + 1))), rows),),
    )


def _basket_section(facts: Facts, money: Money) -> Section:
    counts = [0.0] * (len(LINES) + 1)
    for lines, receipts in facts.lines.items():
        counts[bisect_left(LINES, lines)] += receipts
    labels = ["1", *(f"{low + 1}…{high}" if high > low + 1 else str(high) for low, high in pairwise(LINES)), f"> {LINES[-1]}"]
    marks = [(f"{part} %", money(facts.receipts[min(len(facts.receipts) * part // 100, len(facts.receipts) - 1)])) for part in (10, 25, 50, 75, 90, 99)]
    pairs = [(pair.one, pair.other, whole(pair.receipts), f"{pair.lift:.1f} x") for pair in facts.together]
    tables = [Table(("Of the receipts so many", "are below"), marks, caption="How large receipts are")]
    if pairs:
        columns = ("Goods", "with", "Receipts", "More often than by chance")
        tables.append(Table(columns, pairs, words=2, caption="What is bought together"))
    return Section(
        "What is in a basket", drawings=(charts.columns({"receipts": counts}, labels, write=short, says="Receipts by their number of lines"),), tables=tables
    )
