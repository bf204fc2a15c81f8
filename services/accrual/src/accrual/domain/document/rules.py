"""What is wrong with a rule as a part of its programme: a rule that could never give, or never as much as it says."""

from collections.abc import Iterator

from accrual.domain.amounts import in_units
from accrual.domain.document.caps import cap_findings
from accrual.domain.document.document import Document
from accrual.domain.document.earning import Goods, Rule
from accrual.domain.document.further import further_findings
from accrual.domain.document.money import money_findings
from accrual.domain.document.occasions import goods_findings, window_findings
from accrual.domain.document.problems import Finding, Path

#: Ids that explanations and counters use for the programme and the receipt as a whole.
RESERVED = frozenset({"programme", "receipt"})

_OF_GOODS = ("category", "brand", "sku", "label", "exclude", "quantity", "every", "unit", "spent", "streak")
_OF_PURCHASES = (*_OF_GOODS, "merchant", "store", "channel", "currency", "minimum", "first_purchase", "coupon", "payment")


def rule_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    """Yield what is wrong with one rule."""
    if rule.id in RESERVED:
        yield Finding((*path, "id"), f"`{rule.id}` means something else in explanations", "choose another id")
    if next(other for other in document.earning if other.id == rule.id) is not rule:
        yield Finding((*path, "id"), f"another rule is called `{rule.id}` too", "give each rule an id of its own")
    yield from content_findings(rule, path, document)


def content_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    """Yield what is wrong with what a rule says, its own or a campaign's."""
    yield from _trigger_findings(rule, path)
    for merchant in rule.when.merchant or ():
        if merchant not in document.merchants:
            yield Finding((*path, "when", "merchant"), f"{merchant} sells nothing in this programme", f"known here: {', '.join(document.merchants)}")
    yield from _money_findings(rule, path, document)
    yield from _unit_findings(rule, path, document)
    yield from goods_findings(rule.when, (*path, "when"))
    yield from window_findings(rule.when, (*path, "when"), document)
    yield from _target_findings(rule, (*path, "give"), document)
    yield from further_findings(rule, path, document)
    yield from cap_findings(rule.cap, (*path, "cap"), document, rule=rule)


def group_findings(document: Document) -> Iterator[Finding]:
    """Yield groups of rules that cannot be compared."""
    first: dict[str, Rule] = {}
    for number, rule in enumerate(document.earning):
        if rule.stacking != "best_of":
            if "group" in rule.model_fields_set:
                yield Finding(("earning", number, "group"), "a group means nothing here", "add stacking: best_of, or remove the group")
            continue
        other = first.setdefault(rule.group, rule)
        if (other.give.multiply is None) != (rule.give.multiply is None):
            advice = "give the multipliers a group of their own"
            yield Finding(("earning", number, "group"), f"compares a multiplier with points: `{other.id}` and `{rule.id}`", advice)


def _trigger_findings(rule: Rule, path: Path) -> Iterator[Finding]:
    given = rule.when.model_fields_set
    if rule.on != "purchase":
        for key in _OF_PURCHASES:
            if key in given:
                yield Finding((*path, "when", key), f"`{key}` is a condition on purchases, and the rule is on {rule.on}", "remove it")
        if rule.on == "registration" and rule.when.member_for is not None:
            message = f"nobody has been a member for {rule.when.member_for} when they register"
            yield Finding((*path, "when", "member_for"), message, "remove it, or write on: purchase")
        if rule.give.fixed is None and (rule.give.reward is None or rule.give.per is not None):
            yield Finding((*path, "give"), f"a rule on {rule.on} has no money to count", "write {fixed: 100}")
    if rule.on == "activity" and rule.when.activity is None:
        yield Finding((*path, "when"), "says not which activity", "write when: {activity: newsletter-subscribed}")
    if rule.on != "activity" and rule.when.activity is not None:
        yield Finding((*path, "when", "activity"), f"the rule is on {rule.on}", "write on: activity, or remove it")


def _money_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    programme = document.all_currencies
    for currency in rule.when.currency or ():
        if currency not in programme:
            yield Finding((*path, "when", "currency"), f"{currency} is not a currency of the programme", f"known here: {', '.join(programme)}")
    currencies = rule.when.currency or programme
    if not isinstance(rule.give.per, str):  # neither `unit` nor a period
        yield from money_findings(rule.give.per, (*path, "give", "per"), currencies)
    yield from money_findings(rule.when.minimum, (*path, "when", "minimum"), currencies)


def _unit_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    decimals = document.points.decimals
    if rule.give.fixed is not None and in_units(rule.give.fixed, decimals) is None:
        yield Finding(
            (*path, "give", "fixed"), f"{rule.give.fixed} points are finer than {decimals} decimals", "write fewer decimals, or raise points.decimals"
        )
    if rule.when.quantity is not None and in_units(rule.when.quantity, 3) is None:
        yield Finding((*path, "when", "quantity"), "finer than a thousandth", "write at most 3 decimals")


def _target_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    if rule.give.multiply is None:
        return
    base = [other.id for other in document.earning if other.on == "purchase" and (other.give.points or other.give.table or other.give.volume)]
    if not base:
        yield Finding((*path, "multiply"), "there is no base rule whose points it could multiply", "add a rule with points and per")
    for target in rule.give.of or ():
        if base and target not in base:
            yield Finding((*path, "of"), f"`{target}` is not a base rule", f"known here: {', '.join(base)}")
    if rule.when.model_fields_set & {*Goods.model_fields, "exclude"}:
        met = [other for other in document.earning if other.id in (rule.give.of or base)]
        whole = [other.id for other in met if other.give.whole_steps or other.give.table or other.give.volume]
        if whole:
            message = f"full steps of `{whole[0]}` belong to the receipt, and the multiplier asks for certain goods"
            yield Finding((*path, "multiply"), message, "name other base rules with `of`, or give steps, tables and volumes up")
