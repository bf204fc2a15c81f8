"""A programme document: everything a business may say, and nothing else. Unknown keys are refused."""

import json
from hashlib import sha256
from typing import Annotated, Any

from pydantic import Field

from accrual.domain.document.campaigns import Campaign, Campaigns, CampaignStacking
from accrual.domain.document.contests import Contests
from accrual.domain.document.coupons import Coupons
from accrual.domain.document.discounts import Discount, Discounts
from accrual.domain.document.earning import Caps, Rule
from accrual.domain.document.ending import Close, Transition
from accrual.domain.document.fraud import Fraud
from accrual.domain.document.goals import Goals
from accrual.domain.document.grammar import DISTINCT, NEVER, ONE_OR_MORE, WHOLE, Currency, DayOrMoment, Days, Id, Label, Language, Short, Slug, Zone
from accrual.domain.document.joining import Joining
from accrual.domain.document.lives import Expiry, Late, Pending, Returns
from accrual.domain.document.parts import Part
from accrual.domain.document.points import NO_POINTS, Ceiling, Points
from accrual.domain.document.referrals import Referrals
from accrual.domain.document.rewards import Offers, Privileges, Raffles, RewardList, Surprises
from accrual.domain.document.social import Social
from accrual.domain.document.spending import Spending
from accrual.domain.document.tiers import Tiers


class Document(Part):
    """A version of a programme."""

    programme: Slug
    version: Annotated[int, Field(ge=1), WHOLE]
    name: dict[Language, Label] = {}  # noqa: RUF012  pydantic copies it
    effective_from: DayOrMoment
    effective_until: DayOrMoment | None = None  #: a day is meant to its end
    zone: Zone
    currency: Currency | None = None
    currencies: Annotated[tuple[Currency, ...], DISTINCT] | None = None
    merchants: Annotated[tuple[Id, ...], ONE_OR_MORE, DISTINCT]
    points: Points = NO_POINTS
    earning: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=200)] = ()
    campaigns: Campaigns = ()
    campaign_stacking: CampaignStacking = "all"  #: of the campaigns that give something: all, the one that gives most, or the one written last
    cap: Caps = ()
    balance: Annotated[Ceiling, Short("most")] | None = None
    coupons: Coupons = ()
    fraud: Fraud | None = None
    discounts: Discounts = ()
    pending: Pending | None = None
    expiry: Annotated[Expiry | None, NEVER] = None
    joining: Joining = Joining()
    late: Late = Late()
    returns: Returns = Returns()
    spending: Spending = Spending()
    rewards: RewardList = ()
    privileges: Privileges = ()
    surprises: Surprises = ()
    raffles: Raffles = ()
    offers: Offers = ()
    social: Social = ()
    contests: Contests = ()
    referrals: Referrals | None = None
    tiers: Tiers | None = None
    goals: Goals = ()
    notice: Days | None = None  #: so long before it begins, a version that takes something from members is published
    transition: Transition | None = None  #: from the version before to this one
    close: Close | None = None

    @property
    def all_currencies(self) -> tuple[str, ...]:
        """The currencies purchases may be in."""
        return self.currencies or ((self.currency,) if self.currency else ())

    @property
    def all_discounts(self) -> tuple[tuple[str, Discount, Campaign | None], ...]:
        """Every discount in the order in which it is asked, with its id in answers and its campaign: the programme's own by priority, then campaigns'."""
        own = [(each.id, each, None) for each in sorted(self.discounts, key=lambda each: -each.priority)]
        return (*own, *((f"{campaign.id}/{each.id}", each, campaign) for campaign in self.campaigns for each in campaign.discounts))

    def as_json(self) -> dict[str, Any]:
        """Return the document as JSON values, without floats; reading it back gives an equal document."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def mentions(self, *keys: str) -> bool:
        """Tell whether any part of the document says something under one of these keys."""
        return _mentions(self.as_json(), frozenset(keys))

    def fingerprint(self) -> str:
        """Return the SHA-256 of the document's meaning: the same for `20.0` and `20.00`, and for keys in another order."""
        return sha256(json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _mentions(tree: Any, keys: frozenset[str]) -> bool:
    if isinstance(tree, dict):
        return not keys.isdisjoint(tree) or any(_mentions(each, keys) for each in tree.values())
    return isinstance(tree, list) and any(_mentions(each, keys) for each in tree)
