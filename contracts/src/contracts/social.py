"""Social actions as operators see them: what members published, what waits, and who decided what."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from contracts.fields import Holder, Id, Link, Text
from contracts.replies import Reply
from contracts.requests import CLOSED
from contracts.verdicts import Verdict

SocialState = Literal["waiting", "approved", "rejected", "lapsed"]


class RejectRequest(BaseModel):
    """Why a social action earns nothing; its member is told."""

    model_config = CLOSED

    reason: Annotated[Text, Field(min_length=3)]


class SocialAction(Reply):
    """Something that a member published elsewhere, and what became of it."""

    action_id: UUID
    programme: Id
    action: Annotated[Id, Field(description="As the programme document names it.")]
    activity: Id
    activity_id: Id
    subject: Text
    link: Annotated[Link, Field(description="In its normal form: two links to one page are equal.")]
    holder: Annotated[Holder | None, Field(description="Null where whoever did it is forgotten.")]
    state: Annotated[SocialState, Field(description="Lapsed: nobody decided in time.")]
    occurred_at: AwareDatetime
    asked_at: AwareDatetime
    approve_by: Annotated[AwareDatetime, Field(description="From then on it can no longer be approved.")]
    decided_at: AwareDatetime | None
    decided_by: Annotated[Id | None, Field(description="Null where no operator was asked, or none answered.")]
    reason: Annotated[Text | None, Field(description="Why it was rejected.")]
    verdict: Annotated[Verdict | None, Field(description="What it earned then, as a verdict; null while it waits.")]
    verdict_reason: Annotated[Id | None, Field(description="As `cap-reached`: it was approved, and there was nothing left to give.")]


class SocialActions(Reply):
    """A page of social actions, the oldest first. `next` is what to ask for the page after it by, null on the last."""

    items: tuple[SocialAction, ...]
    next: UUID | None
