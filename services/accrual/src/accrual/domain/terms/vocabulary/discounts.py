"""Words for discounts and coupons."""

from accrual.domain.terms.vocabulary.basics import ROUNDINGS
from accrual.domain.terms.words import Hidden, Said, Vocabulary, Words, Worse

DISCOUNTS: Vocabulary = {
    "Document.discounts": Words(
        "Discounts",
        "Скидки",
        Worse.LESS,
        lead=Said(
            "discounts come off one after the other, as they stand here, each from what those before it left",
            "скидки применяются по очереди в указанном здесь порядке, каждая к цене после предыдущих",
        ),
    ),
    "Document.coupons": Words("Coupons", "Купоны", Worse.LESS),
    "Discount.id": Hidden("the paragraph is tied to it", Worse.NEVER),
    "Discount.name": Hidden("the heading of the paragraph", Worse.NEVER),
    "Discount.enabled": Hidden("a discount that is switched off is not told", Worse.LESS),
    "Discount.percent": Words("{percent} off", "скидка {percent}", Worse.LESS),
    "Discount.amount": Words("{money} off", "скидка {money}", Worse.LESS),
    "Discount.table": Words("off the price: {value}", "скидка: {value}"),
    "Discount.free": Words(
        "{value} more free, the cheapest",
        "ещё {value} шт. бесплатно, самые дешёвые",
        Worse.LESS,
        beside={
            "percent": Said("the price of {value} more, the cheapest", "на ещё {value} шт., самые дешёвые"),
            "gift": Said("{value} free on top", "{value} шт. в подарок"),
        },
    ),
    "Discount.gift": Words("namely the article {value}", "а именно товар с артикулом {value}"),
    "Discount.when": Words("{value}", "{value}"),
    "Discount.on": Words(
        "{value}", "{value}", values={"line": Said("off each line", "с каждой строки чека"), "receipt": Said("off the receipt", "со всего чека")}
    ),
    "Discount.most": Words("{money} at most", "не больше {money}", Worse.TIGHTER),
    "Discount.tax": Words(
        "{value}",
        "{value}",
        values={
            "with": Said("off the price with tax", "с цены с налогом"),
            "without": Said("off the price without tax", "с цены без налога"),
            "kept": Said("off the price without tax, and the tax stays", "с цены без налога, налог не меняется"),
        },
    ),
    "Discount.rounding": Words("rounded {value}", "округляется {value}"),
    "Discount.priority": Hidden("the order of the paragraphs"),
    "Discount.stacking": Words(
        "{value}",
        "{value}",
        values={
            "exclusive": Said("no other discount applies then", "другие скидки тогда не действуют"),
            "best_of": Said("of several such discounts the largest applies", "из нескольких таких скидок действует самая большая"),
            "add": Said("", ""),
        },
    ),
    "Discount.group": Words("these discounts are called {value}", "эти скидки называются {value}"),
    "Bought.also": Words("together with {value}", "вместе с: {value}", Worse.WIDER),
    "Bought.every": Words(
        "for each {value} bought", "за каждые купленные {value} шт.", Worse.MORE, one=Said("for each one bought", "за каждую купленную единицу")
    ),
    "Bought.tier": Words("for members of the level {named}", "для участников уровня {named}", Worse.NARROWER),
    "Bought.segment": Words("for the group {named}", "для группы {named}", Worse.NARROWER),
    "Bought.coupon": Words("with the coupon {named}", "по купону {named}", Worse.NARROWER),
    "Stair.first": Words("from {money} on", "от {money}", Worse.MORE, always=True),
    "Stair.percent": Words("{percent}", "{percent}", Worse.LESS),
    "Stair.amount": Words("{money}", "{money}", Worse.LESS),
    "Coins.mode": Words("{value}", "{value}", values=ROUNDINGS, always=True),
    "Coins.to": Words("to multiples of {money}", "кратно {money}"),
    "Coupon.id": Hidden("the paragraph is tied to it", Worse.NEVER),
    "Coupon.name": Hidden("the heading of the paragraph", Worse.NEVER),
    "Coupon.code": Hidden("it is told to those whom it is meant for"),
    "Coupon.unique": Words("each code is given to one member", "каждый код выдаётся одному участнику"),
    "Coupon.uses": Words("all members together can use it {times}", "всеми участниками вместе: не более {value}", Worse.TIGHTER),
    "Coupon.per_member": Words("each member {times}", "каждым участником: не более {value}", Worse.TIGHTER),
    "Coupon.first": Words("from {value} on", "с {value}", Worse.MORE),
    "Coupon.until": Words("until {value} inclusive", "по {value} включительно", Worse.TIGHTER),
    "Coupon.valid": Words("for {value} after it was given", "{value} со дня выдачи", Worse.TIGHTER),
    "Coupon.give_back": Words(
        "it can be used again when everything it was used for is returned", "после возврата всей покупки его можно использовать снова", Worse.LESS, always=True
    ),
}
