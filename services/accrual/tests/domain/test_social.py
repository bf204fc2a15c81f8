"""Links to what members published: one form for all that lead to the same page, and only to sites that the programme names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.decisions import Refusal
from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.social import SocialActions, normalised

from .builders import a_document, a_programme

RULE = "- {id: post, on: activity, when: {activity: posted}, give: {fixed: 5}}\n"
POST = "{id: post, activity: posted, hosts: [vk.com, livelib.ru]}"


@pytest.mark.parametrize(
    "link",
    [
        "https://vk.com/wall-1_2",
        "https://VK.com/wall-1_2/",
        "https://www.vk.com:443/wall-1_2",
        "https://m.www.vk.com/wall-1_2",
        "https://m.vk.com/wall-1_2#reply",
        "https://vk.com/wall%2D1_2?utm_source=app&fbclid=7",
        "https://vk.com//wall-1_2",
        "https://vk.com/./wall-1_2/.",
        "https://vk.com/feed/%2e%2E/wall-1_2",
        "https://vk.com/../wall-1_2",
    ],
)
def test_links_to_the_same_page_have_one_form(link: str):
    assert normalised(link) == "https://vk.com/wall-1_2"


def test_what_says_which_page_is_meant_is_kept_in_one_order():
    assert normalised("https://vk.com/page?b=2&a=1&utm_medium=x") == normalised("https://vk.com/page?a=1&b=2") == "https://vk.com/page?a=1&b=2"
    assert normalised("https://m.com/") == "https://m.com"
    assert normalised("https://vk.com/Page") != normalised("https://vk.com/page")


@pytest.mark.parametrize(
    "link",
    [
        "http://vk.com/wall",
        "javascript:alert(1)",
        "https://vk.com:8443/wall",
        "https://vk.com@evil.example/wall",
        "https://user:secret@vk.com/wall",
        "https:///wall",
        "https://localhost/wall",
        "https://vk.com\\@evil.example/",
        "https://vk.com/wall 1",
        "https://[::1/",
        "https://vk.com:port/",
        "vk.com/wall",
    ],
)
def test_what_nobody_should_open_is_no_link(link: str):
    assert normalised(link) is None


@given(st.text(max_size=60) | st.from_regex(r"https://[a-zA-Z0-9.%-]{1,20}\.com/[ -~]{0,30}", fullmatch=True))
def test_the_form_of_a_link_is_its_own_form_and_never_fails(link: str):
    once = normalised(link)
    assert once is None or normalised(once) == once


def _judged(link: str | None) -> str:
    actions: SocialActions = a_programme(RULE, social=POST).social
    action = actions.of("posted")
    assert action is not None
    found = actions.link_of(action, link)
    return found.reason if isinstance(found, Refusal) else found


def test_only_links_to_sites_that_the_programme_names_are_taken():
    assert _judged("https://www.livelib.ru/review/7") == "https://livelib.ru/review/7"
    assert _judged("https://blog.vk.com/post") == "https://blog.vk.com/post"
    assert _judged(None) == "link-missing"
    for link in (
        "https://notvk.com/wall",
        "https://vk.com.evil.example/wall",
        "https://evil.example/vk.com",
        "http://vk.com/wall",
        "https://evil.example?vk.com",
    ):
        assert _judged(link) == "link-not-allowed"
    assert a_programme(RULE, social=POST).social.of("visited") is None


@pytest.mark.parametrize(
    ("social", "path", "message"),
    [
        ("[{id: post, activity: shared, hosts: vk.com}]", "social[0].activity", "no rule gives anything for `shared`"),
        (f"[{POST}, {{id: more, activity: posted, hosts: dzen.ru}}]", "social[1].activity", "another one is about `posted` too"),
        (f"[{POST}, {{id: post, activity: posted, hosts: dzen.ru}}]", "social[1].id", "another one is called `post` too"),
        ("[{id: post, activity: posted, hosts: ['https://vk.com']}]", "social[0].hosts[0]", "not written as it should be"),
        ("[{id: post, activity: posted, hosts: www.vk.com}]", "social[0].hosts", "no link leads to `www.vk.com`: what is shown there is read as of `vk.com`"),
        ("[{id: post, activity: posted, hosts: vk.com, approval: nobody}]", "social[0].approval", "unknown value"),
    ],
)
def test_what_is_wrong_with_a_social_action_is_said_before_anything_is_published(social: str, path: str, message: str):
    with pytest.raises(DocumentError) as refused:
        read(a_document(RULE, social=social))
    assert all(found.advice for found in refused.value.problems)
    assert message in {found.path: found.message for found in refused.value.problems}[path]
