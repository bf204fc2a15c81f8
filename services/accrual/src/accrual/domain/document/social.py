"""Social actions: activities that show a link to what a member published elsewhere, and that somebody may have to look at."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from accrual.domain.document.grammar import DISTINCT, EXPECTED, ONE_OR_MORE, Days, Id, Label, Language, Slug
from accrual.domain.document.parts import Part
from accrual.domain.document.problems import Finding

if TYPE_CHECKING:
    from accrual.domain.document.document import Document

_HOST = r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"
EXPECTED[_HOST] = "the name of a site in small letters, as vk.com"

_SAME = ("www.", "m.")

Host = Annotated[str, StringConstraints(pattern=_HOST, max_length=200)]
"""A site, as `vk.com`; what is below it (`m.vk.com`) belongs to it."""


class SocialAction(Part):
    """Activities of one kind earn by the rules that name it, once their link was checked: on a site named here, and not shown before."""

    id: Slug
    name: dict[Language, Label] | None = None
    activity: Id
    hosts: Annotated[tuple[Host, ...], ONE_OR_MORE, DISTINCT]
    approval: Literal["operator", "none"] = "operator"
    within: Days = "14 days"  #: nobody has approved it by then: it earns nothing


Social = Annotated[tuple[SocialAction, ...], ONE_OR_MORE, DISTINCT, Field(max_length=50)]


def site_of(host: str) -> str:
    """Return the site to which a host belongs: `www.` and `m.` before it make no other one."""
    while host.startswith(_SAME) and "." in (shorter := host.partition(".")[2]):
        host = shorter
    return host


def social_findings(document: "Document") -> Iterator[Finding]:
    """Yield why a social action could not earn as the document says."""
    rules = [*document.earning, *(rule for campaign in document.campaigns for rule in campaign.earning)]
    named = {activity for rule in rules for activity in rule.when.activity or ()}
    scored = {activity for contest in document.contests for score in contest.score for activity in score.activity or ()}
    for number, action in enumerate(document.social):
        others, path = document.social[:number], ("social", number)
        if action.id in [other.id for other in others]:
            yield Finding((*path, "id"), f"another one is called `{action.id}` too", "give each an id of its own")
        if action.activity in [other.activity for other in others]:
            yield Finding((*path, "activity"), f"another one is about `{action.activity}` too", "name all sites in one of them")
        for host in action.hosts:
            if host != site_of(host):
                yield Finding((*path, "hosts"), f"no link leads to `{host}`: what is shown there is read as of `{site_of(host)}`", f"write {site_of(host)}")
        if action.activity not in named | scored:
            advice = f"add a rule, as {{id: {action.id}, on: activity, when: {{activity: {action.activity}}}, give: {{fixed: 30}}}}"
            yield Finding((*path, "activity"), f"no rule gives anything for `{action.activity}`", advice)
