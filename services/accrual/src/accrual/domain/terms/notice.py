"""The change between two versions in words, for the notice to members, paragraph by paragraph."""

from dataclasses import dataclass
from datetime import date

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
    eased: bool = False  #: but whoever was there not before the transition is over


@dataclass(frozen=True, slots=True)
class Notice:
    """What members are told of a new version, and what changed that terms do not tell."""

    changes: tuple[Change, ...]
    untold: tuple[Difference, ...]
    eased_until: date | None = None  #: the last day of the transition, where it eases a change

    @property
    def worse(self) -> bool:
        """True where members lose by the new version, or may."""
        return any(each.worse for each in self._everything)

    @property
    def worse_at_once(self) -> bool:
        """True where whoever was there loses something as soon as the new version begins, or may."""
        return any(each.worse and not each.eased for each in self._everything)

    @property
    def _everything(self) -> list[Change | Difference]:
        return [*self.changes, *self.untold]


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
            **_weighed([difference for difference in differences if owner[difference.part] == part]),
        )
        for part in parts
    )
    untold = tuple(difference for difference in differences if owner[difference.part] is None)
    eased = after.transition is not None and any(difference.eased for difference in differences)
    return Notice(changes, untold, after.transition.until if after.transition is not None and eased else None)


def _weighed(differences: list[Difference]) -> dict[str, bool]:
    """Say whether members lose by what one paragraph tells; eased only where all that they lose by is."""
    worse = [difference for difference in differences if difference.worse]
    return {"worse": bool(worse), "eased": bool(worse) and all(difference.eased for difference in worse)}


def _text(paragraph: Paragraph | None) -> str | None:
    return None if paragraph is None else paragraph.text


def _paragraph_of(part: str, paragraphs: list[str]) -> str | None:
    """Return the changed paragraph that tells of a key: the one with the longest name that the key's begins with."""
    holders = [each for each in paragraphs if part == each or part.startswith(f"{each}/") or each.startswith(f"{part}/")]
    return max(holders, key=len, default=None)
