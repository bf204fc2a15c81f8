"""Words for what members get who bring friends."""

from accrual.domain.terms.words import Vocabulary, Words, Worse

REFERRALS: Vocabulary = {
    "Document.referrals": Words("Invite a friend", "Пригласите друга", Worse.LESS),
    "Referrals.give": Words("{value}, both or neither", "{value}; получают оба или никто", Worse.LESS),
    "Both.inviter": Words(
        "a member who joined earlier and invites a friend gets {points}: {value}",
        "участник, вступивший раньше и пригласивший друга, получает {points}: {value}",
        Worse.LESS,
    ),
    "Both.friend": Words("the friend gets {points}: {value}", "друг получает {points}: {value}", Worse.LESS),
    "Referrals.within": Words(
        "what counts is the first purchase that a friend, who had bought nothing before, makes within {value} of joining",
        "считается первая покупка друга, который раньше ничего не покупал, если после его вступления прошло не больше чем {value}",
        Worse.LESS,
        always=True,
    ),
    "Referrals.minimum": Words("it comes to {money} or more", "её сумма не меньше {money}", Worse.MORE),
    "Referrals.hold": Words(
        "{points} are given when {value} have passed after the day of that purchase; if it is returned, the next one counts, "
        "and if it is returned later, both lose what they were given",
        "{points} начисляются, когда после дня этой покупки прошло {value}; если её вернули, считается следующая, "
        "а если вернули позже, начисленное списывается у обоих",
        Worse.MORE,
        always=True,
    ),
    "Referrals.cap": Words(
        "for friends, one member is given {points} at most {value}", "за друзей один участник получает {points} не более {value}", Worse.TIGHTER
    ),
}
