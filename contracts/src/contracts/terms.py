"""The public terms of a programme, as accrual makes them of the rules that run and the gateway shows them to anybody."""

from contracts.fields import Id
from contracts.replies import Reply


class Paragraph(Reply):
    """One paragraph, and the part of the document that it is made of, as `earning/base`."""

    part: str
    heading: str
    text: str


class Section(Reply):
    """A section of the terms."""

    title: str
    paragraphs: tuple[Paragraph, ...]


class PublicTerms(Reply):
    """What members are told of a version of a programme."""

    programme: Id
    version: int
    language: str
    name: str
    sections: tuple[Section, ...]


class WrittenTerms(PublicTerms):
    """The same, written out: as Markdown, and as a page of HTML that needs nothing beside it."""

    markdown: str
    html: str
