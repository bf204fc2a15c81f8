"""What members read is what runs: every key of every document is said to them in each language, and each paragraph is tied to its part."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from accrual.domain.document.document import Document
from accrual.domain.document.reading import read
from accrual.domain.terms.page import PublicTerms, terms_of
from accrual.domain.terms.rendering import as_html, as_markdown
from accrual.domain.terms.speaking import clauses_of, has_ids
from accrual.domain.terms.vocabulary import VOCABULARY, entry_of
from accrual.domain.terms.voice import Voice
from accrual.domain.terms.words import LANGUAGES, Hidden, Language, Said, Words

from .builders import PROGRAMMES, a_document

VOICES = [Voice("en", "beans", "EUR"), Voice("ru", "зёрна", "EUR")]
PLACEHOLDERS = {"value", "money", "named", "percent", "times", "repeats", "reach", "points"}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation)
    for inner in get_args(annotation):
        yield from _models(inner)


MODELS = list(dict.fromkeys(_models(Document)))
KEYS = [(model, key) for model in MODELS for key in model.model_fields]
TOLD = [(model, key) for model, key in KEYS if isinstance(entry_of(model, key), Words)]


def test_every_key_of_every_document_has_words_or_a_reason_why_it_is_not_for_the_public():
    """Somebody added a key: say it in accrual.domain.terms.vocabulary, in English and Russian, and which change of it is bad for members."""
    assert [f"{model.__name__}.{key}" for model, key in KEYS if entry_of(model, key) is None] == []


def test_no_two_parts_of_a_document_have_the_same_name():
    names = [model.__name__ for model in MODELS]
    assert sorted(names) == sorted(set(names))


def test_no_words_are_left_of_keys_that_are_gone():
    known = {f"{each.__name__}.{key}" for model in MODELS for each in model.__mro__ for key in getattr(each, "model_fields", ())}
    assert [place for place in VOCABULARY if place not in known] == []


def test_words_are_written_in_both_languages():
    for place, entry in VOCABULARY.items():
        if isinstance(entry, Hidden):
            assert entry.why, place
            continue
        for text in (Said(entry.en, entry.ru), *entry.values.values(), *([entry.absent] if entry.absent else [])):
            used = [{part[1] for part in Formatter().parse(each) if part[1]} - {"points"} for each in text]
            assert used[0] - {"times"} <= used[1] | {"value"} <= PLACEHOLDERS, place
            assert bool(text.en) == bool(text.ru), place
            if text.en and not text.en.startswith(("{", "of {")):
                assert any("а" <= letter <= "ё" for letter in text.ru.lower()), place
                assert text.en.isascii(), place


def _literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, str) and hasattr(annotation, "__members__"):
        yield from (each.value for each in annotation)
    elif not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        for inner in get_args(annotation):
            yield from _literals(inner)


def test_every_word_that_may_stand_in_a_document_has_its_meaning():
    for model, key in TOLD:
        entry = entry_of(model, key)
        assert isinstance(entry, Words)
        assert set(_literals(model.model_fields[key].annotation)) <= set(entry.values), (model.__name__, key)


def _sample(annotation: Any, default: Any) -> Any:
    """A value that such a key may have, and that is not the default."""
    literals = [each for each in _literals(annotation) if each not in ("add", "purchase", str(default))]
    kinds = [*get_args(annotation), annotation]
    if get_origin(annotation) is tuple or any(get_origin(kind) is tuple for kind in kinds):
        inner = next(kind for kind in kinds if get_origin(kind) is tuple)
        return (_sample(get_args(inner)[0], None),)
    if literals:
        return literals[0]
    for kind, value in ((bool, True), (Decimal, Decimal(7)), (int, 7), (datetime, datetime(2027, 7, 7, tzinfo=UTC)), (date, date(2027, 7, 7)), (str, "x7")):
        if kind in kinds or any(getattr(each, "__origin__", None) is kind or kind in get_args(each) for each in kinds):
            return value
    return _part(next(_models(annotation))) if list(_models(annotation)) else {"en": "x7", "ru": "x7"}


def _with(model: type[BaseModel], key: str) -> BaseModel:
    """A part that says this, and nothing else but what it always says."""
    empty = {name: None for name, field in model.model_fields.items() if field.is_required()}
    field = model.model_fields[key]
    return model.model_construct(**{**empty, key: _sample(field.annotation, field.default)})


def _part(model: type[BaseModel]) -> BaseModel:
    told = (key for key in model.model_fields if isinstance(entry_of(model, key), Words))
    return _with(model, next(told, next(iter(model.model_fields))))


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.language)
def test_every_key_is_heard_where_it_is_written(voice: Voice):
    silent = []
    for model, key in TOLD:
        part = _with(model, key)
        if model is not Document and not has_ids(getattr(part, key)) and key not in dict(clauses_of(part, voice)):
            silent.append(f"{model.__name__}.{key}")
    assert silent == []


def _ids(part: Any, path: str = "") -> Iterator[str]:
    """Name every element with an id that runs, as terms should."""
    for key in type(part).model_fields:
        inner = getattr(part, key)
        if isinstance(inner, BaseModel):
            yield from _ids(inner, f"{path}{key}/")
        for each in inner if isinstance(inner, tuple) else ():
            if hasattr(each, "id") and getattr(each, "enabled", True) and getattr(each, "public", True):
                yield f"{path}{key}/{each.id}"
                yield from _ids(each, f"{path}{key}/{each.id}/")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", sorted(PROGRAMMES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_rule_of_every_example_has_its_paragraph(path: Path, language: Language):
    document = read(path.read_text())
    terms = terms_of(document, language)
    told = terms.paragraphs()
    if wanted := [part for part in _ids(document) if isinstance(entry_of(Document, part.split("/")[0]), Words)]:
        assert {part: told[part].text for part in wanted if not told[part].text} == {}
    assert all(paragraph.text for paragraph in told.values())
    assert sum(len(section.paragraphs) for section in terms.sections) == len(told)
    for written in (as_markdown(terms), as_html(terms)):
        assert all(part in written for part in told)


def the_terms(earning: str, language: Language = "en", **sections: str) -> PublicTerms:
    return terms_of(read(a_document(earning, **sections)), language)


BASE = "- {id: base, give: {points: 1, per: 20.00}}\n"


def test_a_rule_is_said_as_it_runs():
    when = "{category: [tea, cakes], days: [sat, sun]}"
    tea = f"{{id: tea, name: {{en: Tea time, ru: Чай}}, when: {when}, give: {{multiply: 1.5}}, cap: {{points: 300, per: month}}}}"
    rules = f"{BASE}- {tea}\n"
    texts = {language: {part: paragraph.text for part, paragraph in the_terms(rules, language).paragraphs().items()} for language in LANGUAGES}
    assert texts["en"]["earning/base"] == "Points: 1 for each 20 EUR."
    assert (
        texts["en"]["earning/tea"]
        == "Points of the purchase times 1.5, fixed ones apart; for goods of the category tea or cakes, on Saturday or Sunday; at most 300 per calendar month."
    )
    assert (
        texts["ru"]["earning/tea"]
        == "Points за покупку умножаются на 1,5, кроме фиксированных; за товары категории tea или cakes, по дням: суббота или воскресенье; "
        "не больше 300 в календарный месяц."
    )
    assert the_terms(rules, "ru").paragraphs()["earning/tea"].heading == "Чай"


def test_a_rule_that_is_switched_off_is_not_told():
    assert "earning/extra" not in the_terms(BASE + "- {id: extra, enabled: false, give: {fixed: 5}}\n").paragraphs()


def test_what_is_offered_privately_is_told_to_nobody_else():
    campaign = "{id: secret, public: false, name: {en: Secret}, control: 10%, earning: [{id: more, give: {fixed: 5}}]}"
    for terms in (the_terms(BASE, language, campaigns=campaign) for language in LANGUAGES):
        assert "ecret" not in as_markdown(terms) + as_html(terms)


def test_what_a_document_does_not_say_is_told_where_it_matters():
    assert the_terms(BASE).paragraphs()["expiry"].text == "They do not expire."
    assert the_terms(BASE, expiry="{after: 21 days}", language="ru").paragraphs()["expiry"].text == "Они действуют 21 день."


def test_names_that_look_like_html_stay_names():
    page = as_html(the_terms('- {id: base, name: {en: "<script>x</script>"}, when: {category: "<b>"}, give: {fixed: 5}}\n', name='{en: "<i>Shop"}'))
    assert "<script>" not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "http" not in page


def test_a_programme_without_points_says_nothing_of_them():
    document = read((PROGRAMMES / "hardware-discount.yaml").read_text())
    for language in LANGUAGES:
        told = terms_of(document, language).paragraphs()
        assert not {"points", "pending", "expiry", "returns", "spending"} & told.keys()
        assert {"tiers/levels/gold", "discounts/gold-10"} <= told.keys()


def test_a_rule_that_repeats_is_said_in_words():
    rule = "- {id: fridays, when: {repeats: 'FREQ=MONTHLY;BYDAY=-1FR'}, give: {fixed: 5}}\n"
    assert the_terms(BASE + rule).paragraphs()["earning/fridays"].text == "Points: 5; each month, on the last Friday."
    assert the_terms(BASE + rule, "ru").paragraphs()["earning/fridays"].text == "Points: 5; каждый месяц, в последнюю пятницу."


def test_a_promise_of_more_names_what_it_leaves_out():
    told = the_terms(BASE + "- {id: all, give: {multiply: 2}}\n- {id: some, give: {multiply: 2, of: [base]}}\n").paragraphs()
    assert told["earning/all"].text == "Points of the purchase times 2, fixed ones apart."
    assert told["earning/some"].text == "Points of the purchase times 2 (those of «base»)."


def test_what_is_free_comes_on_top_of_what_is_bought():
    when = "when: {sku: nail, every: 3}, free: 1"
    discounts = f"[{{id: more, {when}}}, {{id: half, {when}, percent: 50}}, {{id: gift, {when}, gift: hammer}}]"
    english, russian = (the_terms(BASE, language, discounts=discounts).paragraphs() for language in LANGUAGES)
    assert english["discounts/more"].text.startswith("1 more free, the cheapest, for the article nail, for each 3 bought")
    assert english["discounts/half"].text.startswith("50 % off, the price of 1 more, the cheapest, for the article nail, for each 3 bought")
    assert english["discounts/gift"].text.startswith("1 free on top, namely the article hammer, for the article nail, for each 3 bought")
    assert russian["discounts/more"].text.startswith("Ещё 1 шт. бесплатно, самые дешёвые, за товар с артикулом nail")


def test_russian_counts_as_russians_do():
    told = the_terms(BASE, "ru", coupons="[{id: hello, code: HELLO, uses: 1000, per_member: 1}]").paragraphs()
    assert told["coupons/hello"].text.startswith("Всеми участниками вместе: не более 1000 раз, каждым участником: не более 1 раза")


def test_levels_count_what_points_are_called():
    levels = "{by: points_earned, window: forever, levels: [{id: friend, from: 0}, {id: gold, from: 100}]}"
    points = "{name: {en: beans, ru: зёрна}, worth: 1.00}"
    english, russian = (the_terms(BASE, language, tiers=levels, points=points).paragraphs()["tiers"].text for language in LANGUAGES)
    assert english.startswith("What counts: beans earned. From the beginning on.")
    assert russian.startswith("Считается: начисленные зёрна. За всё время.")


def test_levels_by_money_name_the_currency_and_those_by_several_measures_each_of_them():
    levels = "{{by: {}, window: forever, levels: [{{id: friend, from: 0}}, {{id: gold, from: 1000}}]}}"
    english, russian = (the_terms(BASE, language, tiers=levels.format("money_spent")).paragraphs()["tiers/levels/gold"].text for language in LANGUAGES)
    assert (english, russian) == ("From 1000 EUR spent.", "От 1000 EUR покупок.")
    both = the_terms(BASE, tiers=levels.format("[points_earned, money_spent]")).paragraphs()["tiers/levels/gold"].text
    assert both == "From 1000 points earned / 1000 EUR spent."


def test_discounts_stand_in_the_order_in_which_they_come_off():
    terms = the_terms(BASE, discounts="[{id: small, percent: 5}, {id: first, percent: 10, priority: 1}]")
    assert [part for part in terms.paragraphs() if part.startswith("discounts")] == ["discounts", "discounts/first", "discounts/small"]
    assert terms.paragraphs()["discounts"].text == "Discounts come off one after the other, as they stand here, each from what those before it left."
    assert "discounts" not in the_terms(BASE, discounts="[{id: small, percent: 5}]").paragraphs()


def test_one_is_said_in_the_singular():
    told = the_terms("- {id: base, give: {points: 2, per: 1.00}}\n", "ru", discounts="[{id: more, when: {every: 1}, free: 1}]").paragraphs()
    assert told["earning/base"].text == "Points: 2 за 1 EUR."
    assert told["discounts/more"].text.startswith("Ещё 1 шт. бесплатно, самые дешёвые, за каждую купленную единицу, ")
