"""What the probe finds in the films of `footage` is what they were made to be."""

from dataclasses import asdict
from typing import Any

import pytest

from apps.media import accept, probe
from apps.media.facts import Source

from . import footage

# One is refused; of the others ffmpeg makes something else than it was asked for.
LEFT_OUT = {"cut_off", "odd_size", "slides"}
# The decoder's name of the same format, and layouts without a name.
TOLD_OTHERWISE = {"rgb": {"pixel_format": "bgr0"}, "twelve": {"layout": ""}}
TIMES = ("start_ms", "duration_ms")


@pytest.mark.parametrize("name", sorted(footage.CLIPS.keys() - LEFT_OUT))
def test_it_is_what_it_was_made_to_be(name: str) -> None:
    wanted, found = footage.source(name), probe.probe(footage.clip(name))

    assert accept.refusals(found) == []
    assert (found.container, found.size) == (wanted.container, wanted.size)
    assert abs(found.duration_ms - wanted.duration_ms) <= 100
    for one, other in zip(streams(found), streams(wanted), strict=True):
        assert told(one, name) == told(other, name, wanted=True)
        assert abs(one.duration_ms - other.duration_ms) <= 100
        if other.start_ms:
            assert abs(one.start_ms - other.start_ms) <= 50


def streams(source: Source) -> list[Any]:
    return [*source.videos, *source.audios]


def told(stream: Any, name: str, *, wanted: bool = False) -> dict[str, Any]:
    """All but times; an average rate is rounded."""
    facts = asdict(stream)
    if wanted:
        facts |= {key: value for key, value in TOLD_OTHERWISE.get(name, {}).items() if key in facts}
    if facts.get("variable"):
        facts["fps"] = round(facts["fps"])
    return {key: value for key, value in facts.items() if key not in TIMES}


def test_a_film_without_its_end_is_told() -> None:
    with pytest.raises(probe.Unreadable, match="cut off after 0:00:02 of 0:00:04"):
        probe.probe(footage.clip("cut_off"))
