"""The public terms of a version: sections of paragraphs, each tied to the part of the document that it is made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from accrual.domain.document.document import Document
from accrual.domain.terms.speaking import clauses_of, has_ids, sentence, told
from accrual.domain.terms.vocabulary import told_keys
from accrual.domain.terms.voice import Voice
from accrual.domain.terms.words import Language, Said, Words

_POINTS = Said("points", "баллы")
#: Sections that say nothing where a programme has no points.
_OF_POINTS = frozenset({"points", "cap", "balance", "joining", "pending", "expiry", "returns", "spending"})
_GENERAL = Said("The programme", "О программе")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph. `part` names what it is made of, as `earning/base`: nothing else stands behind it."""

    part: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the terms."""

    title: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class PublicTerms:
    """Everything that members are told of a version, in one language."""

    programme: str
    version: int
    language: Language
    name: str
    sections: tuple[Section, ...]

    def paragraphs(self) -> dict[str, Paragraph]:
        """Return the paragraphs by the part they are made of."""
        return {paragraph.part: paragraph for section in self.sections for paragraph in section.paragraphs}


def terms_of(document: Document, language: Language) -> PublicTerms:
    """Say a document to members."""
    voice = voice_of(document, language)
    general = tuple(Paragraph(key, "", sentence(clause)) for key, clause in clauses_of(document, voice) if _is_plain(getattr(document, key)))
    sections = [Section(_GENERAL.in_(language), general), *_sections(document, voice)]
    return PublicTerms(document.programme, document.version, language, in_language(document.name, language, document.programme), tuple(sections))


def voice_of(document: Document, language: Language) -> Voice:
    """Return how this document's values are said."""
    currencies = document.all_currencies
    points = in_language(document.points.name, language, _POINTS.in_(language))
    measures = () if document.tiers is None else document.tiers.by
    return Voice(language, points, currencies[0] if len(currencies) == 1 else None, dict(_names(document, language)), measures)


def in_language(texts: dict[str, str] | None, language: str, otherwise: str) -> str:
    """Return a text in a language, or in any other that it is written in."""
    return (texts or {}).get(language) or next(iter((texts or {}).values()), otherwise)


def _sections(document: Document, voice: Voice) -> Iterator[Section]:
    for key, value, entry in told_keys(document):
        if not isinstance(entry, Words) or _is_plain(value) or (key in _OF_POINTS and not document.points.name):
            continue
        if value is None:
            paragraphs = [Paragraph(key, "", sentence(entry.absent.in_(voice.language)))] if entry.absent else []
        else:
            lead = [Paragraph(key, "", sentence(entry.lead.in_(voice.language)))] if entry.lead is not None and value[1:] else []
            paragraphs = [*lead, *_paragraphs(key, value, voice)]
        if paragraphs:
            yield Section(entry.in_(voice.language).format(points=voice.points), tuple(paragraphs))


def _paragraphs(part: str, value: Any, voice: Voice) -> Iterator[Paragraph]:
    """Say a section: a paragraph for each element with an id, one for everything else; what is inside an element follows it."""
    if has_ids(value):
        for element in sorted(value, key=lambda each: -getattr(each, "priority", 0)):  # as they are asked
            if getattr(element, "enabled", True) and getattr(element, "public", True):  # what is offered privately is told to nobody else
                yield from _element(f"{part}/{element.id}", element, voice)
        return
    parts = (value,) if isinstance(value, BaseModel) else value
    text = "; ".join(said for each in parts if (said := told(each, voice)))
    if text:
        yield Paragraph(part, "", sentence(text))
    for each in parts:
        yield from _inside(part, each, voice)


def _element(part: str, element: Any, voice: Voice) -> Iterator[Paragraph]:
    name = in_language(getattr(element, "name", None), voice.language, element.id)
    yield Paragraph(part, name, sentence(told(element, voice)))
    yield from _inside(part, element, voice)


def _inside(part: str, value: BaseModel, voice: Voice) -> Iterator[Paragraph]:
    for key, inner, entry in told_keys(value):
        if isinstance(entry, Words) and has_ids(inner):
            yield from _paragraphs(f"{part}/{key}", inner, voice)


def _is_plain(value: Any) -> bool:
    """Tell whether a value is no part and no list of parts: it is said in the general section."""
    if value is None or value == ():
        return False
    return not isinstance(value, BaseModel) and not (isinstance(value, tuple) and isinstance(value[0], BaseModel))


def _names(value: Any, language: str) -> Iterator[tuple[str, str]]:
    """Find the name of everything that has an id."""
    for key in type(value).model_fields if isinstance(value, BaseModel) else ():
        inner = getattr(value, key)
        for each in inner if isinstance(inner, tuple) else (inner,):
            if isinstance(each, BaseModel):
                if "id" in type(each).model_fields:
                    yield each.id, in_language(getattr(each, "name", None), language, each.id)  # type: ignore[attr-defined]  # looked for a line above
                yield from _names(each, language)
