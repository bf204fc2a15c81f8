"""Words for campaigns, and for what rules ask and give beside goods and money."""

from accrual.domain.terms.vocabulary.basics import PERIODS
from accrual.domain.terms.vocabulary.earning import DAYS
from accrual.domain.terms.words import Hidden, Said, Vocabulary, Words, Worse

MEANS = {
    "cash": Said("cash", "наличными"),
    "card": Said("card", "картой"),
    "gift-card": Said("gift card", "подарочной картой"),
    "wallet": Said("wallet", "кошельком"),
    "points": Said("points", "баллами"),
    "other": Said("other means", "другим способом"),
}

CAMPAIGNS: Vocabulary = {
    "Document.campaigns": Words("Campaigns", "Акции", Worse.LESS),
    "Document.campaign_stacking": Words(
        "Of several campaigns {value}",
        "Если подходят несколько акций, {value}",
        Worse.LESS,
        {
            "newest": Said("the newest applies", "действует самая новая"),
            "best": Said("the one that gives most applies", "действует самая выгодная"),
            "all": Said("all apply", "действуют все"),
        },
    ),
    "Campaign.id": Hidden("the paragraph is tied to it", Worse.NEVER),
    "Campaign.name": Hidden("the heading of the paragraph", Worse.NEVER),
    "Campaign.enabled": Hidden("a campaign that is switched off is not told", Worse.LESS),
    "Campaign.public": Hidden("one that is offered privately is told to nobody else", Worse.LESS),
    "Campaign.control": Hidden("only campaigns that are offered privately have a control group", Worse.NEVER),
    "Campaign.dates": Words("{value}", "{value}", Worse.NARROWER),
    "Campaign.days": Words("on {value}", "по дням: {value}", Worse.NARROWER, DAYS),
    "Campaign.hours": Words("at {value}", "в часы {value}", Worse.NARROWER),
    "Campaign.repeats": Words("{repeats}", "{repeats}"),
    "Campaign.audience": Words("for {value}", "для {value}", Worse.MORE),
    "Campaign.coupon": Words("with the coupon {named}", "по купону {named}", Worse.MORE),
    "Campaign.budget": Words("until so much was given: {value}", "пока не выдано: {value}", Worse.MORE),
    "Campaign.earning": Words("What it gives", "Что она даёт", Worse.LESS),
    "Campaign.discounts": Words("What it takes off", "Какие скидки она даёт", Worse.LESS),
    "Audience.segment": Words("the group {named}", "группы {named}", Worse.NARROWER),
    "Audience.tier": Words("members of the level {named}", "участников уровня {named}", Worse.NARROWER),
    "Budget.points": Words("{points} to all members together: {value}", "{points} всем участникам вместе: {value}", Worse.TIGHTER),
    "Budget.grants": Words("to {value} purchases in all", "по покупкам всего: {value}", Worse.TIGHTER),
    "Budget.money": Words("a worth of {money} in all", "на сумму {money}", Worse.TIGHTER),
    "When.merchant": Words("at the seller {value}", "у продавца {value}", Worse.NARROWER),
    "When.repeats": Words("{repeats}", "{repeats}"),
    "When.tier": Words("for members of the level {named}", "для участников уровня {named}", Worse.NARROWER),
    "When.segment": Words("for the group {named}", "для группы {named}", Worse.NARROWER),
    "When.coupon": Words("with the coupon {named}", "по купону {named}", Worse.NARROWER),
    "When.member_for": Words("for members of {value} or more", "для тех, кто в программе не меньше: {value}", Worse.MORE),
    "When.payment": Words("paid by {value}", "при оплате {value}", Worse.MORE),
    "When.every": Words("once for every {value}", "один раз за каждые {value}", Worse.MORE),
    "When.unit": Words(
        "counting {value}", "считая {value}", values={"purchase": Said("purchases", "покупки"), "item": Said("pieces of the goods", "единицы товара")}
    ),
    "When.spent": Words("when {value}", "если {value}", Worse.MORE),
    "When.streak": Words("for {value}", "за {value}", Worse.MORE),
    "Paid.kind": Words("{value}", "{value}", Worse.NARROWER, MEANS),
    "Paid.share": Words("for at least {percent} of the receipt", "не менее {percent} чека", Worse.MORE),
    "Spent.first": Words("{money} or more were spent on these goods", "на эти товары потрачено от {money}", Worse.MORE),
    "Spent.per": Words("{value}", "{value}", values=PERIODS, always=True),
    "Streak.purchases": Words("purchases: {value}", "покупки: {value}", Worse.MORE, always=True),
    "Streak.per": Words("{value}", "{value}", values=PERIODS),
    "Streak.times": Words("{value} times in a row", "раз подряд: {value}", Worse.MORE),
    "Give.table": Words("{points} by the receipt: {value}", "{points} по сумме чека: {value}"),
    "Give.volume": Words("{points} for the whole volume: {value}", "{points} за весь объём: {value}"),
    "Give.reward": Words("a reward: {named}", "награда: {named}"),
    "Give.quantity": Words("{value} of them", "в количестве {value}", Worse.LESS),
    "Row.first": Words("from {money}:", "от {money}:", Worse.MORE, always=True),
    "Row.points": Words("{value}", "{value}", Worse.LESS, always=True),
    "Band.first": Words("from {money} on:", "от {money}:", Worse.MORE, always=True),
    "Band.points": Words("{value}", "{value}", Worse.LESS, always=True),
    "Band.per": Words("for each {money}", "за каждые {money}", Worse.MORE, always=True, one=Said("for each {money}", "за {money}")),
    "Cap.over": Words(
        "{value}",
        "{value}",
        Worse.LESS,
        {
            "reject": Said("(a purchase that would give more gives nothing)", "(покупка, которая дала бы больше, не даёт ничего)"),
            "cut": Said("", ""),
        },
    ),
}
