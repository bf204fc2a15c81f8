"""Words for earning rules: what they give, when, and how much at most."""

from accrual.domain.terms.vocabulary.basics import PERIODS, TRIGGERS
from accrual.domain.terms.words import Hidden, Said, Vocabulary, Words, Worse

DAYS = {
    "mon": Said("Monday", "понедельник"),
    "tue": Said("Tuesday", "вторник"),
    "wed": Said("Wednesday", "среда"),
    "thu": Said("Thursday", "четверг"),
    "fri": Said("Friday", "пятница"),
    "sat": Said("Saturday", "суббота"),
    "sun": Said("Sunday", "воскресенье"),
}
CHANNELS = {
    "store": Said("in a store", "в магазине"),
    "web": Said("on the web", "на сайте"),
    "app": Said("in the app", "в приложении"),
    "phone": Said("by phone", "по телефону"),
    "other": Said("elsewhere", "в другом месте"),
}

EARNING: Vocabulary = {
    "Rule.id": Hidden("the paragraph is tied to it", Worse.NEVER),
    "Rule.name": Hidden("the heading of the paragraph", Worse.NEVER),
    "Rule.enabled": Hidden("a rule that is switched off is not told", Worse.LESS),
    "Rule.on": Words("{value}", "{value}", values={**TRIGGERS, "purchase": Said("", "")}),
    "Rule.give": Words("{value}", "{value}"),
    "Rule.when": Words("{value}", "{value}"),
    "Rule.cap": Words("{value}", "{value}", Worse.MORE),
    "Rule.priority": Hidden("only which of several rules is asked first"),
    "Rule.stacking": Words(
        "{value}",
        "{value}",
        values={
            "exclusive": Said("no other rule applies then", "другие правила тогда не действуют"),
            "best_of": Said("of several such rules the one that gives most applies", "из нескольких таких правил действует самое выгодное"),
            "add": Said("", ""),
        },
    ),
    "Rule.group": Words("these rules are called {value}", "эти правила называются {value}"),
    "Give.points": Words("{points}: {value}", "{points}: {value}", Worse.LESS),
    "Give.per": Words(
        "for each {money}",
        "за каждые {money}",
        Worse.MORE,
        instead={
            "unit": Said("for each piece", "за каждую единицу товара"),
            "visit": Said("for each visit", "за каждый визит"),
            "month": Said("in each calendar month", "в каждом календарном месяце"),
            "quarter": Said("in each calendar quarter", "в каждом календарном квартале"),
            "year": Said("in each calendar year", "в каждом календарном году"),
            "ever": Said("for all time", "за всё время"),
        },
    ),
    "Give.whole_steps": Words("(full steps of the receipt only)", "(только за полные шаги чека)", Worse.MORE),
    "Give.fixed": Words("{points}: {value}", "{points}: {value}", Worse.LESS),
    "Give.multiply": Words(
        "{points} of the purchase times {value}, fixed ones apart",
        "{points} за покупку умножаются на {value}, кроме фиксированных",
        Worse.LESS,
        beside={"of": Said("{points} of the purchase times {value}", "{points} за покупку умножаются на {value}")},
    ),
    "Give.of": Words("(those of {named})", "(те, что даёт {named})", Worse.NARROWER),
    "Goods.category": Words("goods of the category {value}", "товары категории {value}", Worse.NARROWER),
    "Goods.brand": Words("goods of the brand {value}", "товары марки {value}", Worse.NARROWER),
    "Goods.sku": Words("the article {value}", "товар с артикулом {value}", Worse.NARROWER),
    "Goods.label": Words("goods with the label {value}", "товары с меткой {value}", Worse.NARROWER),
    "Occasion.category": Words("for goods of the category {value}", "за товары категории {value}", Worse.NARROWER),
    "Occasion.brand": Words("for goods of the brand {value}", "за товары марки {value}", Worse.NARROWER),
    "Occasion.sku": Words("for the article {value}", "за товар с артикулом {value}", Worse.NARROWER),
    "Occasion.label": Words("for goods with the label {value}", "за товары с меткой {value}", Worse.NARROWER),
    "Occasion.exclude": Words("not for {value}", "кроме: {value}", Worse.WIDER),
    "Occasion.store": Words("in the store {value}", "в магазине {value}", Worse.NARROWER),
    "Occasion.channel": Words("bought {value}", "при покупке {value}", Worse.NARROWER, CHANNELS),
    "Occasion.currency": Words("paid in {value}", "при оплате в {value}", Worse.NARROWER),
    "Occasion.minimum": Words("for a receipt from {money}", "при чеке от {money}", Worse.MORE),
    "Occasion.quantity": Words("from {value} pieces on", "от {value} штук", Worse.MORE),
    "Occasion.days": Words("on {value}", "по дням: {value}", Worse.NARROWER, DAYS),
    "Occasion.hours": Words("at {value}", "в часы {value}", Worse.NARROWER),
    "Occasion.dates": Words("{value}", "{value}", Worse.NARROWER),
    "Occasion.first_purchase": Words("for the first purchase", "за первую покупку", Worse.MORE),
    "When.activity": Words("namely {value}", "а именно {value}", Worse.NARROWER),
    "Dates.first": Words("from {value}", "с {value}", Worse.MORE),
    "Dates.until": Words("until {value} inclusive", "по {value} включительно", Worse.TIGHTER),
    "Cap.points": Words("at most {value}", "не больше {value}", Worse.TIGHTER),
    "Cap.times": Words("at most {times}", "не более {times}", Worse.TIGHTER),
    "Cap.per": Words("{value}", "{value}", values=PERIODS),
}
