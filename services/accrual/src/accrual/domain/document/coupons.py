"""Coupons: codes that a member shows to get what a rule or a campaign gives for them. A rule names one by its id."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints, model_validator

from accrual.domain.document.grammar import DISTINCT, WHOLE, Day, Days, Label, Language, Slug, Truth, day_of, problem
from accrual.domain.document.parts import Part
from accrual.domain.document.problems import Finding

if TYPE_CHECKING:
    from accrual.domain.document.document import Document

Times = Annotated[int, Field(ge=1), WHOLE]


class Coupon(Part):
    """A code that everybody may know, or codes issued one by one, each of which may be used once.

    It is used by a purchase that presents it and is given something for it: never by one that is refused, or to which nothing is given.
    """

    id: Slug
    name: dict[Language, Label] = {}  # noqa: RUF012  pydantic copies it
    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{1,39}$")] | None = None  #: small and capital letters are alike
    unique: Truth = False  #: codes are issued one by one
    uses: Times | None = None  #: by all members together
    per_member: Times | None = None
    first: Annotated[Day | None, Field(alias="from")] = None
    until: Day | None = None  #: to the end of that day, in the store's zone
    valid: Days | None = None  #: how long a code may be used from the moment it is issued
    give_back: Truth = True  #: when everything it was used for comes back, it may be used again

    @model_validator(mode="after")
    def _has_sense(self) -> "Coupon":
        if (self.code is None) != self.unique:
            raise problem("has either one code for all, or unique codes", "write code: WELCOME5, or unique: true")
        if self.valid is not None and not self.unique:
            raise problem("`valid` counts from the moment at which a code is issued", "write `until`, or unique: true")
        if self.first is not None and self.until is not None and self.until < self.first:
            raise problem(f"ends on {self.until}, before it starts on {self.first}", "exchange from and until")
        if self.uses is not None and self.per_member is not None and self.per_member > self.uses:
            raise problem(f"a member can never use it {self.per_member} times: {self.uses} uses are all there are", "lower per_member, or raise uses")
        return self

    @property
    def plain_code(self) -> str | None:
        """The code as it is compared."""
        return None if self.code is None else plain(self.code)


Coupons = Annotated[tuple[Coupon, ...], Field(max_length=200), DISTINCT]


def plain(code: str) -> str:
    """Return a code as it is compared: no spaces, and capital letters."""
    return "".join(code.split()).upper()


def coupon_findings(document: "Document") -> Iterator[Finding]:
    """Yield what is wrong with the coupons of a document: two that cannot be told apart, and conditions on coupons that do not exist."""
    start, last = day_of(document.effective_from), document.effective_until
    for number, coupon in enumerate(document.coupons):
        earlier = document.coupons[:number]
        if (coupon.until or start) < start or (coupon.first is not None and last is not None and coupon.first > day_of(last)):
            yield Finding(("coupons", number), "can never be used: the programme version is not in force then", "remove it, or correct its dates")
        if any(other.id == coupon.id for other in earlier):
            yield Finding(("coupons", number, "id"), f"another coupon is called `{coupon.id}` too", "give each coupon an id of its own")
        if coupon.plain_code is not None and any(other.plain_code == coupon.plain_code for other in earlier):
            yield Finding(("coupons", number, "code"), f"another coupon has the code {coupon.plain_code} too", "small and capital letters are alike")
