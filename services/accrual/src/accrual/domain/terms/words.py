"""How one key of a programme document is said to members, and which change of it is bad for them."""

from collections.abc import Mapping
from enum import Enum
from typing import Literal, NamedTuple

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = ("en", "ru")


class Worse(Enum):
    """Which change of a key takes something from members. Whatever is not provably harmless counts as worse."""

    CHANGED = "changed"  #: any change
    NEVER = "never"  #: it is about nothing that members have
    LESS = "less"  #: a smaller value, or none any more. Of a list: an element less
    MORE = "more"  #: a larger value, or one where there was none. Of a list: an element more
    TIGHTER = "tighter"  #: a limit: a smaller one, or one where there was none
    NARROWER = "narrower"  #: a choice: an element less, or a choice where everything was meant
    WIDER = "wider"  #: an exclusion: another one, or one where there was none


class Said(NamedTuple):
    """A text in every language that terms are written in."""

    en: str
    ru: str

    def in_(self, language: Language) -> str:
        """Return the text in one language."""
        return self.en if language == "en" else self.ru


class Words(NamedTuple):
    """What a key says to members.

    The texts hold one of `{value}`, `{money}` (an amount in the programme's currency), `{named}` (the name of what the id leads to),
    or none for what is only true; `{points}` is what points are called. `{percent}` a share, `{times}` how often,
    `{reach}` a number of whatever the levels count.
    """

    en: str
    ru: str
    worse: Worse = Worse.CHANGED
    values: Mapping[str, Said] = {}  #: what each word that may stand there means; from the worst for members to the best, where `worse` is LESS
    instead: Mapping[str, Said] = {}  #: whole clauses, for words that may stand where a number is expected
    beside: Mapping[str, Said] = {}  #: the clause where another key of the same part is written too
    always: bool = False  #: said even where the document is silent, and the default holds
    absent: Said | None = None  #: said where nothing is
    together: bool = False  #: of several values all hold, not one of them
    one: Said | None = None  #: the clause where the number is 1
    lead: Said | None = None  #: said before the parts of a list, where there are several

    def in_(self, language: Language, part: object = None) -> str:
        """Return the text in one language, as it is said in this part."""
        return next((said for key, said in self.beside.items() if getattr(part, key, None) is not None), Said(self.en, self.ru)).in_(language)


class Hidden(NamedTuple):
    """A key that is not for the public: why, and which change of it is bad for members all the same."""

    why: str
    worse: Worse = Worse.CHANGED


Entry = Words | Hidden
Vocabulary = Mapping[str, Entry]
