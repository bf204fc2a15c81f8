"""Words for what members do beside buying and against each other: social actions and contests."""

from accrual.domain.terms.words import Hidden, Said, Vocabulary, Words, Worse

CONTESTS: Vocabulary = {
    "Document.social": Words("Social actions", "Публикации", Worse.NARROWER),
    "SocialAction.id": Hidden("the paragraph is tied to it", Worse.NEVER),
    "SocialAction.name": Hidden("the heading of the paragraph", Worse.NEVER),
    "SocialAction.activity": Words("the action {value} needs a link to what you published", "для действия {value} нужна ссылка на вашу публикацию"),
    "SocialAction.hosts": Words("on {value}; each link counts once", "на сайте {value}; каждая ссылка засчитывается один раз", Worse.NARROWER),
    "SocialAction.approval": Words(
        "{value}",
        "{value}",
        Worse.LESS,
        {
            "operator": Said("it earns once one of us has looked at it", "вознаграждение начисляется, когда публикацию проверит наш сотрудник"),
            "none": Said("it earns at once", "вознаграждение начисляется сразу"),
        },
        always=True,
    ),
    "SocialAction.within": Words(
        "what nobody has approved within {value} earns nothing", "если за {value} публикацию никто не одобрил, вознаграждения нет", Worse.LESS, always=True
    ),
    "Document.contests": Words("Contests", "Конкурсы", Worse.LESS),
    "Contest.id": Hidden("the paragraph is tied to it", Worse.NEVER),
    "Contest.name": Hidden("the heading of the paragraph", Worse.NEVER),
    "Contest.first": Words("from {value}", "с {value}"),
    "Contest.until": Words("until {value} inclusive", "по {value} включительно"),
    "Contest.who": Words(
        "for {value}",
        "участвуют {value}",
        values={"members": Said("members", "зарегистрированные участники"), "everybody": Said("everybody who shows a card", "все, кто показал карту")},
        always=True,
    ),
    "Contest.score": Words("the score: {value}", "счёт: {value}"),
    "Score.score": Words("{value}", "{value}", Worse.LESS),
    "Score.on": Words(
        "{value}",
        "{value}",
        values={"purchase": Said("for purchases", "за покупки"), "activity": Said("for the action", "за действие")},
        always=True,
    ),
    "Score.activity": Words("{value}", "{value}"),
    "Score.per": Words("for each full {money}", "за каждые полные {money}", absent=Said("each time", "каждый раз")),
    "Score.when": Words("{value}", "{value}"),
    "ScoreWhen.exclude": Words("not for {value}", "кроме: {value}", Worse.WIDER),
    "ScoreWhen.store": Words("in the store {value}", "в магазине {value}", Worse.NARROWER),
    "ScoreWhen.minimum": Words("if {money} or more are paid", "при оплате от {money}", Worse.MORE),
    "Contest.prizes": Words("prizes: {value}", "призы: {value}", Worse.LESS),
    "ContestPrize.places": Words("place {value}", "место {value}"),
    "ContestPrize.reward": Words("{named}", "{named}"),
    "ContestPrize.points": Words("{points}: {value}", "{points}: {value}", Worse.LESS),
    "Contest.ties": Words(
        "{value}",
        "{value}",
        values={
            "earliest": Said("of equal scores the one that stood first counts more", "при равном счёте выше тот, кто набрал его раньше"),
            "shared": Said(
                "equal scores share their place, and each gets its prize as far as there is enough of it",
                "при равном счёте место делят, и каждый получает приз этого места, пока призов хватает",
            ),
        },
        always=True,
    ),
    "Contest.settle": Words(
        "places are final {value} after the last day; what is returned before does not score",
        "места становятся окончательными через {value} после последнего дня; то, что возвращено раньше, в счёт не идёт",
        always=True,
    ),
}
