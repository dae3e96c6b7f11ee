"""What viewers read of a language; of the tags in files see test_findings."""

import pytest

from apps.media.languages import autonym


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("hi", "हिन्दी"), ("en", "English"), ("fr", "Français"), ("de-AT", "Deutsch"),
        ("pt-BR", "Português Brasileiro"), ("und", "Original"), ("haw", "haw"),
    ],
)  # fmt: skip
def test_languages_are_called_what_their_speakers_call_them(tag: str, name: str) -> None:
    assert autonym(tag) == name
