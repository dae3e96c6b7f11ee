from typing import Any

from apps.catalog.languages import chain, pick, site_languages

TEXTS = {
    "en": {"name": "Fish", "synopsis": "A story."},
    "hi": {"name": "मछली", "synopsis": ""},
    "ta": {"name": "மீன்", "tagline": "ஒரு வரி"},
}


def test_the_site_speaks_the_languages_of_the_settings() -> None:
    assert site_languages() == ("en", "hi")


def test_a_chain_is_the_language_asked_for_then_the_default_then_the_original() -> None:
    assert chain("hi", "ta") == ("hi", "en", "ta")
    assert chain("en", "hi") == ("en", "hi")
    assert chain("hi", "hi") == ("hi", "en")


def test_every_field_falls_back_by_itself() -> None:
    assert pick(TEXTS, "name", "hi", "ta") == "मछली"
    assert pick(TEXTS, "synopsis", "hi", "ta") == "A story."
    assert pick(TEXTS, "tagline", "hi", "ta") == "ஒரு வரி"


def test_the_original_language_comes_before_others() -> None:
    texts = {"bn": {"name": "মাছ"}, "ta": {"name": "மீன்"}}

    assert pick(texts, "name", "hi", "ta") == "மீன்"
    assert pick(texts, "name", "hi", "en") == "মাছ"


def test_what_nobody_wrote_is_empty(settings: Any) -> None:
    assert pick(TEXTS, "advice", "hi", "en") == ""
    assert pick({}, "name", "hi", "en") == ""
