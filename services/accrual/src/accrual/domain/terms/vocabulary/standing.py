"""Words for what members have: levels, what points can be used for, limits against misuse."""

from accrual.domain.terms.vocabulary.basics import PERIODS
from accrual.domain.terms.words import Hidden, Said, Vocabulary, Words, Worse

MEASURES = {
    "points_earned": Said("{points} earned", "начисленные {points}"),
    "money_spent": Said("money spent", "сумма покупок"),
    "purchases": Said("purchases", "число покупок"),
}

STANDING: Vocabulary = {
    "Document.tiers": Words("Levels", "Уровни"),
    "Document.spending": Words("What {points} can be used for", "На что можно тратить {points}"),
    "Document.fraud": Words("Against misuse", "Против злоупотреблений", Worse.MORE),
    "Tiers.by": Words("what counts: {value}", "считается: {value}", Worse.LESS, MEASURES),
    "Tiers.window": Words(
        "within {value}",
        "за период: {value}",
        values={
            "calendar_month": Said("the calendar month", "календарный месяц"),
            "calendar_quarter": Said("the calendar quarter", "календарный квартал"),
            "calendar_year": Said("the calendar year", "календарный год"),
            "forever": Said("", ""),
        },
        instead={"forever": Said("from the beginning on", "за всё время")},
    ),
    "Tiers.enter": Words(
        "a level begins {value}",
        "уровень начинается {value}",
        Worse.LESS,
        {"next_period": Said("with the next period", "со следующего периода"), "at_once": Said("at once", "сразу")},
        always=True,
    ),
    "Tiers.keep": Words(
        "it is kept {value}",
        "он сохраняется: {value}",
        values={
            "end_of_period": Said("to the end of the period", "до конца периода"),
            "end_of_next_period": Said("to the end of the next period", "до конца следующего периода"),
        },
        absent=Said("a level is kept while it is earned", "уровень сохраняется, пока условие выполнено"),
    ),
    "Tiers.grace": Words("and {value} longer, to earn it anew", "и ещё {value}, чтобы подтвердить его", Worse.LESS),
    "Tiers.downgrade": Words(
        "{value}",
        "{value}",
        Worse.LESS,
        {
            "to_earned": Said("afterwards the level is the one that was earned", "затем действует заработанный уровень"),
            "one_step": Said("afterwards it falls one level at most", "затем снижается не более чем на один уровень"),
            "none": Said("a level is never lost", "уровень не теряется"),
        },
        always=True,
    ),
    "Tiers.levels": Words("Levels", "Уровни", Worse.LESS),
    "Level.id": Hidden("the paragraph is tied to it", Worse.NEVER),
    "Level.name": Hidden("the heading of the paragraph", Worse.NEVER),
    "Level.first": Words("from {value}", "от {value}", always=True),
    "Level.multiply": Words(
        "{points} of a purchase are multiplied by {value}, fixed ones apart", "{points} за покупку умножаются на {value}, кроме фиксированных", Worse.LESS
    ),
    "Level.privileges": Words("it brings: {named}", "даёт: {named}", Worse.LESS, together=True),
    "Reach.any": Words("{reach}", "{reach}", Worse.MORE, always=True),
    "Reach.points_earned": Words("{value} {points} earned", "{value} (начисленные {points})", Worse.MORE),
    "Reach.money_spent": Words("{money} spent", "{money} покупок", Worse.MORE),
    "Reach.purchases": Words("{value} purchases", "{value} покупок", Worse.MORE),
    "Spending.minimum": Words("at least {value} at once", "не меньше {value} за раз", Worse.MORE),
    "Spending.step": Words("in multiples of {value}", "кратно {value}", Worse.MORE),
    "Spending.share": Words("up to {percent} of a receipt can be paid with them", "ими можно оплатить до {percent} чека", Worse.TIGHTER),
    "Spending.exclude": Words("but not {value}", "кроме: {value}", Worse.WIDER),
    "Spending.order": Words(
        "{value}",
        "{value}",
        Worse.LESS,
        {
            "oldest": Said("those earned first are used first", "сначала тратятся полученные раньше"),
            "earliest_end": Said("those that end first are used first", "сначала тратятся те, чей срок заканчивается раньше"),
        },
        always=True,
    ),
    "Spending.grace": Words(
        "those that come back after their last day can be used for {value} more",
        "вернувшиеся после окончания срока можно потратить ещё {value}",
        Worse.LESS,
        always=True,
    ),
    "Spending.transfer": Words(
        "{value}",
        "{value}",
        values={
            "keep": Said("they can be given to another member, with their dates", "их можно передать другому участнику с прежним сроком"),
            "restart": Said(
                "they can be given to another member, the first time as if earned that day",
                "их можно передать другому участнику, в первый раз срок начнётся заново",
            ),
        },
        absent=Said("they cannot be given to another member", "передать их другому участнику нельзя"),
    ),
    "Fraud.grants": Words("{points} are given at most {value}", "{points} начисляются не более {value}", Worse.TIGHTER),
    "Fraud.velocity": Words("{value}", "{value}", Worse.TIGHTER),
    "Fraud.hold_spending": Words("a new member can use what was earned after {value}", "новый участник может тратить начисленное через {value}", Worse.MORE),
    "Grants.times": Words("{times}", "{times}", Worse.LESS),
    "Grants.per": Words("{value}", "{value}", values=PERIODS, always=True),
    "Velocity.purchases": Words("of more than {value} purchases", "из более чем {value} покупок", Worse.LESS),
    "Velocity.within": Words("within {value} the others earn nothing", "за {value} остальные ничего не приносят", Worse.MORE),
}
