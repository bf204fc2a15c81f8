"""Anything but a purchase that can earn (topic `loyalty.activities.v1`)."""

from typing import ClassVar

from pydantic import Field

from contracts.fields import Holder, Id, Link, Moment, Text, Wire, Zone


class ActivityRecorded(Wire):
    """A holder did something: subscribed to a newsletter, answered a survey, left a review, visited, installed the app."""

    type: ClassVar[str] = "loyalty.activity.recorded.v1"

    programme: Id
    activity_id: Id = Field(description="Unique per programme and kind, so that one deed earns once.")
    kind: Id = Field(description="As the programme document names it: `newsletter-subscribed`.")
    holder: Holder
    subject: Text = Field(default="", description="What it was about, for the explanation.")
    link: Link | None = Field(default=None, description="Of a social action: what was published elsewhere.")
    zone: Zone = "UTC"
    occurred_at: Moment
