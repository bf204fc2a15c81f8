"""Links to what members published elsewhere: whether a programme takes them, and which of them are the same."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from accrual.domain.decisions import Reason, Refusal
from accrual.domain.document.social import SocialAction, site_of
from accrual.domain.lifetimes import days_in

_HTTPS_PORTS = (None, 443)
#: What says how somebody came to a page, and not which page it is.
_TRACKING = frozenset({"fbclid", "gclid", "igsh", "igshid", "si", "yclid", "ysclid"})


def normalised(link: str) -> str | None:
    """Return the one form of all links to the same page, or None for what is no https link that anybody could open.

    The same are: capital letters in the site's name, `www.` and `m.` before it, the port of https, a fragment, a slash too many or at the end, steps
    like `/../`, letters written as %41, the order of what follows the question mark, and marks of campaigns in it. Paths keep their case.
    """
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").encode("idna").decode().rstrip(".")
        usable = parts.scheme == "https" and parts.port in _HTTPS_PORTS and parts.username is None and parts.password is None
    except ValueError:  # UnicodeError is one
        return None
    if not usable or "." not in host or "\\" in link or any(character.isspace() or not character.isprintable() for character in link):
        return None
    host = site_of(host)
    path = quote(_walked(unquote(parts.path)), safe="/~:@!$&'()*+,;=")
    asked = sorted((key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key not in _TRACKING and not key.startswith("utm_"))
    return f"https://{host}{path}{'?' if asked else ''}{urlencode(asked)}"


def lapses_at(action: SocialAction, *, asked_at: datetime) -> datetime:
    """Return from when on nobody can approve what was told at a moment."""
    return asked_at + timedelta(days=days_in(action.within))


def _walked(path: str) -> str:
    """Return where a path leads, as browsers walk it."""
    steps = list[str]()
    for step in path.split("/"):
        if step == "..":
            del steps[-1:]
        elif step not in {"", "."}:
            steps.append(step)
    return "".join(f"/{step}" for step in steps)


class SocialActions:
    """The social actions of a programme version. Immutable."""

    def __init__(self, parts: Iterable[SocialAction]) -> None:
        """Take the section of a document that was checked."""
        self._by_activity = {part.activity: part for part in parts}

    def of(self, activity: str) -> SocialAction | None:
        """Return what is said of a kind of activity; None where it is no social action."""
        return self._by_activity.get(activity)

    def link_of(self, action: SocialAction, link: str | None) -> str | Refusal:
        """Return the normal form of a link that is taken, or say why it is not."""
        if link is None:
            return Refusal(Reason.LINK_MISSING, f"{action.activity} shows no link")
        known = normalised(link)
        host = "" if known is None else known.removeprefix("https://").partition("/")[0].partition("?")[0]
        if known is None or not any(host == allowed or host.endswith(f".{allowed}") for allowed in action.hosts):
            return Refusal(Reason.LINK_NOT_ALLOWED, f"links begin with https:// and lead to {' or '.join(action.hosts)}")
        return known
