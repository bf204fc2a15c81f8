from functools import partial

import pytest
from joserfc.jwk import OKPKey

from gateway.clients.tokens import ServiceTokens
from shared.auth import Verifier, issue
from shared.problems import Problem
from shared.testing import SettableClock

KEY = OKPKey.generate_key("Ed25519")


@pytest.fixture
def tokens(clock: SettableClock) -> ServiceTokens:
    return ServiceTokens(issue=partial(issue, KEY, audience="loyalty"), clock=clock)


def test_a_token_of_the_gateway_serves_until_a_minute_before_its_end(tokens: ServiceTokens, clock: SettableClock):
    first = tokens.token("accounts:read")
    clock.advance(seconds=239)
    assert tokens.token("accounts:read") == first
    assert Verifier(KEY, "loyalty", clock=clock).verify(first).subject == "gateway"
    clock.advance(seconds=1)
    assert tokens.token("accounts:read") != first


def test_a_token_of_the_gateway_is_dead_after_five_minutes(tokens: ServiceTokens, clock: SettableClock):
    first = tokens.token("accounts:read")
    clock.advance(seconds=5 * 60 + 31)
    with pytest.raises(Problem, match="token-invalid"):
        Verifier(KEY, "loyalty", clock=clock).verify(first)


def test_each_question_gets_its_own_scope_and_no_other(tokens: ServiceTokens, clock: SettableClock):
    verifier = Verifier(KEY, "loyalty", clock=clock)
    assert verifier.verify(tokens.token("accounts:read")).scopes == {"accounts:read"}
    assert verifier.verify(tokens.token("members:read")).scopes == {"members:read"}
