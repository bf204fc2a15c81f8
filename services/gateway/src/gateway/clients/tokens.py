"""The gateway's own tokens, for questions that the caller may ask but for which the owner wants another scope."""

from collections.abc import Callable
from datetime import datetime, timedelta

SUBJECT = "gateway"
LIFETIME = timedelta(minutes=5)
#: A token is renewed while it is still good for every question that could carry it.
RENEW_BEFORE = timedelta(minutes=1)

Issue = Callable[..., str]


class ServiceTokens:
    """Tokens of the gateway itself, one for each set of scopes, each used until shortly before it ends."""

    def __init__(self, *, issue: Issue, clock: Callable[[], datetime]) -> None:
        self._issue = issue
        self._clock = clock
        self._issued: dict[tuple[str, ...], tuple[str, datetime]] = {}

    def token(self, *scopes: str) -> str:
        """Return a token with exactly these scopes, good for another minute at least."""
        now = self._clock()
        known = self._issued.get(scopes)
        if known is not None and now < known[1]:
            return known[0]
        token = self._issue(subject=SUBJECT, scopes=scopes, lifetime=LIFETIME, now=now)
        self._issued[scopes] = (token, now + LIFETIME - RENEW_BEFORE)
        return token
