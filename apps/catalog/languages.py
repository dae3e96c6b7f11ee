"""Which language a text is shown in when the one asked for has none."""

from collections.abc import Mapping

from django.conf import settings

Texts = Mapping[str, Mapping[str, str]]


def site_languages() -> tuple[str, ...]:
    """The languages that the site speaks; every listing has a document in each."""
    return tuple(code for code, _ in settings.LANGUAGES)


def chain(language: str, original: str) -> tuple[str, ...]:
    """The order of fallback: the language asked for, the site's default, the title's original one."""
    return tuple(dict.fromkeys((language, settings.LANGUAGE_CODE, original)))


def pick(texts: Texts, field: str, language: str, original: str) -> str:
    """The field in the first language of the chain that has it, else in any; "" if none has.

    Every field falls back by itself: a missing Hindi synopsis is English beside the Hindi name.
    """
    for code in (*chain(language, original), *texts):
        if value := texts.get(code, {}).get(field, ""):
            return value
    return ""
