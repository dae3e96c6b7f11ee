"""What becomes of an uploaded master, and what stands in where there is none."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django_fsm import TransitionNotAllowed

from apps.media.models import Asset, AssetState, Rendition
from apps.media.services import assets
from apps.media.signals import asset_failed, asset_ready

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard() -> Any:
    """What media announced: `(signal, asset id)`."""
    announced: list[tuple[str, Any]] = []

    def on_ready(asset_id: Any, **_: Any) -> None:
        announced.append(("ready", asset_id))

    def on_failed(asset_id: Any, **_: Any) -> None:
        announced.append(("failed", asset_id))

    asset_ready.connect(on_ready)
    asset_failed.connect(on_failed)
    yield announced
    asset_ready.disconnect(on_ready)
    asset_failed.disconnect(on_failed)


def in_processing() -> Asset:
    return Asset.objects.create(name="master.mp4", state=AssetState.PROCESSING)


def test_a_placeholder_is_ready_at_once_and_says_what_it_is(heard: Any) -> None:
    made = assets.placeholder(
        "Trailer", duration_ms=90_000, heights=[480, 1080], audio=["en", "hi"], subtitles=["hi"]
    )

    asset = Asset.objects.get()
    assert asset.is_ready
    assert asset.placeholder
    assert asset.duration_ms == 90_000
    assert str(asset) == "Trailer (placeholder)"
    assert [one.height for one in asset.renditions.all()] == [480, 1080]
    assert [one.language for one in asset.audio_tracks.all()] == ["en", "hi"]
    assert [one.language for one in asset.subtitle_tracks.all()] == ["hi"]
    assert heard == [("ready", made.public_id)]


def test_a_placeholder_without_a_length_is_refused_and_leaves_nothing(heard: Any) -> None:
    with pytest.raises(IntegrityError):
        assets.placeholder("Nothing", duration_ms=0, heights=[720], audio=["en"])

    assert not Asset.objects.exists()
    assert not Rendition.objects.exists()
    assert heard == []


def test_what_is_ready_is_announced_when_it_is_committed(heard: Any) -> None:
    asset = in_processing()

    with transaction.atomic():
        assets.ready(asset, duration_ms=5_000)
        assert heard == []

    assert heard == [("ready", asset.public_id)]
    assert Asset.objects.get().duration_ms == 5_000


def test_a_failure_is_kept_for_the_editor(heard: Any) -> None:
    asset = in_processing()

    assets.failed(asset, "The file has no video track.")

    asset = Asset.objects.get()
    assert asset.state == AssetState.FAILED
    assert asset.failure == "The file has no video track."
    assert heard == [("failed", asset.public_id)]


def test_what_is_ready_does_not_fail_any_more(heard: Any) -> None:
    asset = assets.placeholder("Film", duration_ms=1_000, heights=[720], audio=["en"])
    heard.clear()

    assets.failed(asset, "Too late.")

    assert Asset.objects.get().is_ready
    assert Asset.objects.get().failure == ""
    assert heard == []


def test_only_what_is_in_processing_becomes_ready(heard: Any) -> None:
    asset = Asset.objects.create(name="master.mp4")

    with pytest.raises(TransitionNotAllowed):
        assets.ready(asset, duration_ms=1_000)

    assert Asset.objects.get().state == AssetState.UPLOADING
    assert heard == []


def test_an_asset_keeps_its_identity_through_a_fixture(tmp_path: Any) -> None:
    """Rows are found by their natural keys, so that loading twice adds nothing."""
    asset = assets.placeholder("Film", duration_ms=1_000, heights=[360, 720], audio=["en"], subtitles=["hi"])
    dump = tmp_path / "assets.json"
    call_command(
        "dumpdata", "media", use_natural_foreign_keys=True, use_natural_primary_keys=True, output=str(dump)
    )
    for _ in range(2):
        call_command("loaddata", str(dump), verbosity=0)

    assert Asset.objects.get().pk == asset.pk
    assert Rendition.objects.count() == 2
    Asset.objects.all().delete()
    call_command("loaddata", str(dump), verbosity=0)
    again = Asset.objects.get()
    assert again.public_id == asset.public_id
    assert [str(one) for one in again.renditions.all()] == ["360p", "720p"]
    assert [str(one) for one in again.subtitle_tracks.all()] == ["hi"]
