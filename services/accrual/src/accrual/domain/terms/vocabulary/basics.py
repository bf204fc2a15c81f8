"""Words for the programme as a whole: its dates, its points, how long they live, what a return takes."""

from accrual.domain.terms.words import Hidden, Said, Vocabulary, Words, Worse

PERIODS = {
    "receipt": Said("per receipt", "за чек"),
    "day": Said("per day", "в день"),
    "week": Said("per week, Monday to Sunday", "в неделю, с понедельника по воскресенье"),
    "month": Said("per calendar month", "в календарный месяц"),
    "quarter": Said("per calendar quarter", "в календарный квартал"),
    "year": Said("per calendar year", "в календарный год"),
    "ever": Said("ever", "за всё время"),
}
TRIGGERS = {
    "purchase": Said("for a purchase", "за покупку"),
    "registration": Said("for joining the programme", "за вступление в программу"),
    "activity": Said("for an action", "за действие"),
}
ROUNDINGS = {
    "floor": Said("down", "вниз"),
    "half_up": Said("to the nearest, halves up", "до ближайшего, половина вверх"),
    "ceil": Said("up", "вверх"),
}

BASICS: Vocabulary = {
    "Document.programme": Hidden("the id stands in the heading", Worse.NEVER),
    "Document.version": Hidden("the number stands in the heading", Worse.NEVER),
    "Document.name": Hidden("the name is the heading", Worse.NEVER),
    "Document.effective_from": Words("These terms hold from {value}", "Условия действуют с {value}", Worse.NEVER),
    "Document.effective_until": Words("They hold until {value}, the whole day", "Условия действуют по {value} включительно", Worse.TIGHTER),
    "Document.zone": Words("Days and months begin at midnight in the time zone {value}", "Дни и месяцы начинаются в полночь по часовому поясу {value}"),
    "Document.currency": Words("Purchases count in {value}", "Считаются покупки в валюте {value}"),
    "Document.currencies": Words("Purchases count in {value}", "Считаются покупки в валютах {value}", Worse.LESS, together=True),
    "Document.merchants": Words("These sellers take part: {value}", "Участвуют продавцы: {value}", Worse.LESS, together=True),
    "Document.points": Words("What points are", "Что такое {points}"),
    "Document.earning": Words("How {points} are earned", "За что начисляются {points}", Worse.LESS),
    "Document.cap": Words("The most that can be earned", "Предел начислений", Worse.MORE),
    "Document.balance": Words("The most that can be had", "Предел накопления", Worse.MORE),
    "Ceiling.most": Words(
        "purchases and actions bring nobody above {value} of them, those that wait or are put aside included: what goes beyond is not given",
        "за покупки и действия можно накопить не больше {value}, считая ожидающие и отложенные: сверх этого {points} не начисляются",
        Worse.TIGHTER,
    ),
    "Ceiling.over": Words(
        "{value}",
        "{value}",
        Worse.LESS,
        {
            "reject": Said("a purchase that would go beyond gives nothing", "покупка, которая превысила бы предел, не даёт ничего"),
            "cut": Said("", ""),
        },
    ),
    "Document.pending": Words(
        "When {points} can be used",
        "Когда {points} можно тратить",
        Worse.MORE,
        absent=Said("They can be used at once", "Тратить можно сразу"),
    ),
    "Document.expiry": Words("How long {points} live", "Сколько действуют {points}", Worse.TIGHTER, absent=Said("They do not expire", "Срок не ограничен")),
    "Document.joining": Words("Before you register", "До регистрации"),
    "Joining.guests": Words(
        "what a card earns that nobody has registered is kept for {value} after that day, and is gone then",
        "начисленное на незарегистрированную карту хранится {value} после этого дня, затем сгорает",
        Worse.TIGHTER,
    ),
    "Joining.spend": Words(
        "{value}",
        "{value}",
        Worse.LESS,
        {
            "members": Said("only members can use {points}: register first", "тратить {points} могут только зарегистрированные участники"),
            "anybody": Said("", ""),
        },
    ),
    "Document.late": Words("What comes late", "О чём узнали поздно"),
    "Document.returns": Words("When goods are returned", "Если товар возвращён"),
    "Points.name": Words("They are called {value}", "Они называются {value}", Worse.NEVER, always=True),
    "Points.decimals": Words("They are counted to {value} decimal places", "Знаков после запятой: {value}"),
    "Points.worth": Words("One is worth {money} when it is spent", "Стоимость одной единицы при оплате: {money}", Worse.LESS),
    "Points.rounding": Words("{value}", "{value}", always=True),
    "Points.basis": Words("{value}", "{value}", always=True),
    "Rounded.mode": Words("fractions are rounded {value}", "дробные части округляются {value}", Worse.LESS, ROUNDINGS, always=True),
    "Rounded.per": Words(
        "{value}",
        "{value}",
        values={"rule": Said("for each rule by itself", "по каждому правилу отдельно"), "receipt": Said("once for the whole receipt", "один раз на весь чек")},
        always=True,
    ),
    "Basis.amount": Words(
        "what counts is the price {value}",
        "считается цена {value}",
        Worse.LESS,
        {"after_discounts": Said("after discounts", "после скидок"), "before_discounts": Said("before discounts", "до скидок")},
        always=True,
    ),
    "Basis.tax": Words("{value}", "{value}", Worse.LESS, {"without": Said("without tax", "без налога"), "with": Said("with tax", "с налогом")}, always=True),
    "Basis.delivery": Words(
        "{value}",
        "{value}",
        Worse.LESS,
        {"without": Said("without delivery", "без доставки"), "with": Said("with delivery", "с доставкой")},
        always=True,
    ),
    "Basis.paid_by_points": Words(
        "{value}",
        "{value}",
        Worse.LESS,
        {"without": Said("without the part that is paid with {points}", "без части, которую оплатили ими ({points})"), "with": Said("", "")},
    ),
    "Pending.until": Words(
        "They can be used {value} after the purchase",
        "Тратить можно через {value} после покупки",
        Worse.MORE,
        {"confirmed": Said("once it is confirmed", "её подтверждение,")},
    ),
    "Pending.at_latest": Words("at the latest after {value}", "не позднее чем через {value}", Worse.MORE),
    "Pending.on": Words("this is so {value}", "это относится к начислениям {value}", Worse.MORE, TRIGGERS, together=True),
    "Expiry.after": Words("They live for {value}", "Они действуют {value}", Worse.LESS),
    "Expiry.to": Words(
        "{value}",
        "{value}",
        Worse.LESS,
        {
            "end_of_month": Said("to the end of that month", "и далее до конца месяца"),
            "end_of_quarter": Said("to the end of that quarter", "и далее до конца квартала"),
            "end_of_year": Said("to the end of that year", "и далее до конца года"),
        },
    ),
    "Expiry.on": Words("until the next {value} (month-day), the whole day", "до ближайшей даты {value} (месяц-день) включительно"),
    "Expiry.remind": Words("this is told so many days before: {value}", "об этом напоминаем, за сколько дней: {value}", Worse.LESS, together=True),
    "Late.accept": Words(
        "A purchase that we hear of late still counts if it is not older than {value}",
        "Покупка, о которой мы узнали поздно, засчитывается, если ей не больше {value}",
        Worse.LESS,
        always=True,
    ),
    "Returns.by": Words(
        "{value}",
        "{value}",
        values={
            "lines": Said("What the returned goods gave is taken back", "Снимается то, что начислено за возвращённый товар"),
            "money": Said("The same share is taken back as of the money", "Снимается такая же доля, какая доля денег возвращена"),
        },
        always=True,
    ),
    "Returns.spent": Words(
        "if it was spent already, {value}",
        "если оно уже потрачено, {value}",
        Worse.LESS,
        {
            "block": Said("the seller tells you so before the return, and nothing is owed", "продавец предупредит об этом до возврата, и долга не возникает"),
            "debt": Said("the next ones pay for it", "его погасят следующие начисления"),
            "clamp": Said("nothing is owed", "долга не возникает"),
        },
        always=True,
    ),
    "Returns.recheck": Words(
        "what is left must still reach the minimum of a rule", "оставшаяся часть должна по-прежнему достигать минимума правила", Worse.MORE
    ),
    "Returns.unnamed": Words(
        "without the receipt {value}",
        "без чека {value}",
        Worse.CHANGED,
        {
            "refuse": Said("nothing is taken", "ничего не снимается"),
            "newest": Said("the newest purchases with these goods are meant", "считается самая новая покупка этого товара"),
        },
        always=True,
    ),
    "Document.goals": Hidden("what the owner wants decides nothing", Worse.NEVER),
    "Goal.kpi": Hidden("what the owner wants decides nothing", Worse.NEVER),
    "Goal.target": Hidden("what the owner wants decides nothing", Worse.NEVER),
    "Goal.by": Hidden("what the owner wants decides nothing", Worse.NEVER),
    "Goal.segment": Hidden("what the owner wants decides nothing", Worse.NEVER),
    "Document.notice": Words(
        "A change that takes something from you is told {value} before it begins",
        "Об изменениях не в вашу пользу мы сообщаем за {value} до их начала",
        Worse.LESS,
    ),
    "Document.transition": Words("When these terms replace others", "Переход с прежних условий", Worse.LESS),
    "Transition.existing": Words(
        "{value}",
        "{value}",
        values={
            "better_of": Said(
                "whoever joined before these terms began gets, for each purchase and each action, the {points} of the terms before where those are more, "
                "and then the rewards of those terms only",
                "кто вступил до начала этих условий, получает за каждую покупку и каждое действие {points} по прежним условиям, если по ним больше, "
                "а тогда и награды только по ним",
            )
        },
        always=True,
    ),
    "Transition.until": Words("this is so until {value}, the whole day", "так будет по {value} включительно", Worse.LESS),
    "Document.close": Words("The end of the programme", "Завершение программы", Worse.MORE),
    "Close.earn_until": Words("Purchases until {value} earn {points}", "{points} начисляются за покупки по {value} включительно", Worse.TIGHTER),
    "Close.spend_until": Words(
        "they can be used until {value}, and are gone after that", "тратить можно по {value} включительно, затем остаток сгорает", Worse.TIGHTER
    ),
}
