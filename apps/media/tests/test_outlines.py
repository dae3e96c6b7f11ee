"""The outline of a track file: what manifests tell of it without reading where each segment lies."""

from importlib import import_module
from typing import Any

import orjson
import pytest
from django.apps import apps

from apps.media import editions
from apps.media.cmaf import Index, Outline, Stored
from apps.media.models import Asset, AudioTrack, FormerEdition, Rendition

# Of [duration, size, key_size]: the second has most bits a second, the third does not begin with a keyframe.
ROWS = [[2000, 1000, 100], [1000, 900, 300], [1000, 100, 0]]
SHAPE = {
    "timescale": 1000, "init_size": 10, "sidx_size": 20, "codecs": "avc1.64001e", "width": 640, "height": 360,
    "channels": 0, "rate": 0,
}  # fmt: skip
INDEX: Any = {**SHAPE, "fragments": ROWS}


def test_an_outline_tells_of_all_fragments_together() -> None:
    told = Index.from_json(INDEX).outline

    assert told == Outline(
        **SHAPE, duration=4000, longest=2000, peak_bps=7200, average_bps=4000,
        # 300 bytes for two seconds, until the next keyframe would come; 100 and 300 in four.
        frames_peak_bps=1200, frames_average_bps=800,
    )  # fmt: skip
    assert (told.duration_ms, Outline.from_json(told.to_json())) == (4000, told)


def test_without_keyframes_there_is_nothing_to_tell_of_them() -> None:
    told = Index.from_json({**INDEX, "fragments": [[2000, 1000, 0]]}).outline

    assert (told.frames_peak_bps, told.frames_average_bps) == (0, 0)


@pytest.mark.parametrize("text", [orjson.dumps(INDEX), orjson.dumps(INDEX).decode()])
def test_a_stored_index_is_the_same_when_it_is_read(text: Any) -> None:
    stored = Stored(Index.from_json(INDEX).outline, text)

    assert stored.whole() == Index.from_json(INDEX)
    assert stored.whole().outline == stored.outline


@pytest.fixture
def asset(db: None) -> Asset:
    made = Asset.objects.create(name="x", state="ready", duration_ms=4000, prefix="assets/a/b/")
    Rendition.objects.create(asset=made, height=360, key="assets/a/b/v360.mp4", index=INDEX)
    AudioTrack.objects.create(asset=made, language="hi", key="assets/a/b/a-hi.mp4", index=INDEX)
    # One that is still to come has no bytes.
    AudioTrack.objects.create(asset=made, language="en")
    return made


def test_tracks_of_before_get_their_outlines(asset: Asset) -> None:
    FormerEdition.objects.create(
        asset=asset, edition=0, told=editions.Edition.of(asset).to_json(), until=asset.created_at
    )

    import_module("apps.media.migrations.0007_outlines").outline_all(apps, None)

    outline = Index.from_json(INDEX).outline
    former = editions.Edition.former(str(asset.public_id), 0)
    assert former
    for row in (
        Rendition.objects.get(),
        AudioTrack.objects.get(language="hi"),
        *former.renditions,
        *former.audio,
    ):
        assert Outline.from_json(row.outline) == outline
    assert AudioTrack.objects.get(language="en").outline == {}


def test_one_statement_tells_what_the_rows_do(asset: Asset) -> None:
    for row in (Rendition.objects.get(), AudioTrack.objects.get(language="hi")):
        row.lay_out(Index.from_json(INDEX))
        row.save()

    short, whole = (editions.present(str(asset.public_id), indexes=indexes) for indexes in (False, True))

    assert short
    assert whole
    assert (short.number, short.text, short.indexes) == (whole.number, whole.text, "")
    read, rows = editions.Edition.read(whole).to_json(), editions.Edition.of(asset).to_json()
    for told in (*read["renditions"], *read["audio"]):
        told["index"] = orjson.loads(told["index"])
    assert read == rows


@pytest.mark.parametrize("changes", [{"placeholder": True}, {"state": "processing"}])
def test_what_cannot_be_played_tells_nothing(asset: Asset, changes: dict[str, Any]) -> None:
    Asset.objects.filter(pk=asset.pk).update(**changes)

    assert editions.present(str(asset.public_id), indexes=True) is None
