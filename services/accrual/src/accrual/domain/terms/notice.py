"""The change between two versions in words, for the notice to members, paragraph by paragraph."""

from dataclasses import dataclass

from accrual.domain.document.document import Document
from accrual.domain.terms.comparing import Difference, compare
from accrual.domain.terms.page import Paragraph, terms_of
from accrual.domain.terms.words import Language


@dataclass(frozen=True, slots=True)
class Change:
    """A paragraph of the terms that is new, gone, or says something else."""

    part: str
    heading: str
    before: str | None
    after: str | None
    worse: bool  #: members lose by it, or may


@dataclass(frozen=True, slots=True)
class Notice:
    """What members are told of a new version, and what changed that terms do not tell."""

    changes: tuple[Change, ...]
    untold: tuple[Difference, ...]

    @property
    def worse(self) -> bool:
        """True where members lose by the new version, or may."""
        return any(change.worse for change in self.changes) or any(difference.worse for difference in self.untold)


def notice_of(before: Document, after: Document, language: Language) -> Notice:
    """Say what is new, in the order of the new terms; what is gone comes last."""
    differences = compare(before, after)
    old, new = terms_of(before, language).paragraphs(), terms_of(after, language).paragraphs()
    parts = [part for part in {**new, **old} if _text(old.get(part)) != _text(new.get(part))]
    owner = {difference.part: _paragraph_of(difference.part, parts) for difference in differences}
    changes = tuple(
        Change(
            part,
            (new.get(part) or old[part]).heading,
            _text(old.get(part)),
            _text(new.get(part)),
            worse=any(difference.worse and owner[difference.part] == part for difference in differences),
        )
        for part in parts
    )
    return Notice(changes, tuple(difference for difference in differences if owner[difference.part] is None))


def _text(paragraph: Paragraph | None) -> str | None:
    return None if paragraph is None else paragraph.text


def _paragraph_of(part: str, paragraphs: list[str]) -> str | None:
    """Return the changed paragraph that tells of a key: the one with the longest name that the key's begins with."""
    holders = [each for each in paragraphs if part == each or part.startswith(f"{each}/") or each.startswith(f"{part}/")]
    return max(holders, key=len, default=None)
