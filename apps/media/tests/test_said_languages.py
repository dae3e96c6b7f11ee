"""An editor says what a sound is spoken in whose file does not."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from apps.catalog.tests.factories import staff
from apps.core.errors import InvalidField
from apps.media import checks
from apps.media.models import Asset, AssetState, AudioTrack
from apps.media.services import assets
from apps.media.signals import asset_ready

pytestmark = pytest.mark.django_db
PREFIX = "assets/a/one/"


@pytest.fixture
def asset(db: None) -> Asset:
    made = Asset.objects.create(
        name="Film", state=AssetState.READY, duration_ms=1000, prefix=PREFIX, master_key="masters/film"
    )
    sound(made, "und")
    return made


def sound(asset: Asset, language: str, *, described: bool = False, prefix: str = PREFIX) -> AudioTrack:
    key = f"{prefix}audio-{language}{'-described' if described else ''}.mp4"
    return AudioTrack.objects.create(asset=asset, language=language, described=described, key=key)


def languages_of(asset: Asset) -> list[str]:
    return list(asset.audio_tracks.values_list("language", flat=True))


def made_of(master: str, *languages: str) -> assets.Package:
    prefix = "assets/a/two/"
    audio = [AudioTrack(language=one, key=f"{prefix}audio-{one}.mp4") for one in languages]
    told = {"key": master, "size": 1, "sha256": "0" * 64, "filename": "film.mp4"}
    return assets.Package(prefix=prefix, master=told, duration_ms=1000, source={}, audio=audio)


@pytest.mark.parametrize(("named", "kept"), [("hi", "hi"), ("HIN", "hi"), ("pt_br", "pt-BR"), (" ta ", "ta")])
def test_it_is_kept_as_bcp_47_and_announced(
    asset: Asset, named: str, kept: str, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[Any] = []

    def on_ready(asset_id: Any, **_: Any) -> None:
        heard.append(asset_id)

    asset_ready.connect(on_ready)
    with django_capture_on_commit_callbacks(execute=True):
        assets.say_language(asset, asset.audio_tracks.get(), named)
    asset_ready.disconnect(on_ready)

    assert languages_of(asset) == [kept]
    assert heard == [asset.public_id]
    assert asset.audio_tracks.get().key == f"{PREFIX}audio-und.mp4"


@pytest.mark.parametrize("named", ["", "und", "english", "h", "<b>", "1"])
def test_what_is_no_language_is_refused(asset: Asset, named: str) -> None:
    with pytest.raises(InvalidField):
        assets.say_language(asset, asset.audio_tracks.get(), named)

    assert languages_of(asset) == ["und"]


def test_two_sounds_of_one_language_are_refused_but_not_a_described_one(asset: Asset) -> None:
    unknown = asset.audio_tracks.get()
    sound(asset, "hi", described=True)
    sound(asset, "en")

    with pytest.raises(InvalidField):
        assets.say_language(asset, unknown, "en")
    assets.say_language(asset, unknown, "hi")

    assert languages_of(asset) == ["hi", "hi", "en"]


def test_it_still_holds_when_the_same_file_is_made_again(asset: Asset) -> None:
    assets.say_language(asset, asset.audio_tracks.get(), "hi")

    assets.published(asset, made_of("masters/film", "und", "en"))
    assert languages_of(asset) == ["hi", "en"]

    assets.published(asset, made_of("masters/another", "und"))
    assert languages_of(asset) == ["und"]


# --- In the newsroom ---------------------------------------------------------------------------------


@pytest.fixture
def newsroom(db: None) -> Client:
    call_command("loaddata", "groups", verbosity=0)
    client = Client()
    client.force_login(staff("Editor", email="esha@example.com"))
    return client


def test_an_editor_says_it_on_the_page_of_the_video(newsroom: Client, asset: Asset) -> None:
    shown = newsroom.get(f"/admin/media/asset/{asset.pk}/change/").content.decode()
    address = f"/admin/media/asset/{asset.pk}/sound/{asset.audio_tracks.get().pk}/language/"
    assert address in shown
    assert "names no language" in shown

    wrong = newsroom.post(address, {"language": "english"}, follow=True).content.decode()
    right = newsroom.post(address, {"language": "hi"}, follow=True).content.decode()

    assert "Name a language in BCP 47" in wrong
    assert "Its sound is in hi from now on." in right
    assert "names no language" not in right
    assert languages_of(asset) == ["hi"]


def test_a_reviewer_does_not_and_a_sound_of_another_video_is_none(newsroom: Client, asset: Asset) -> None:
    other = Asset.objects.create(name="Other")
    track = asset.audio_tracks.get()
    assert newsroom.post(f"/admin/media/asset/{other.pk}/sound/{track.pk}/language/").status_code == 404
    reviewer = Client()
    reviewer.force_login(staff("Reviewer", email="ravi@example.com"))
    address = f"/admin/media/asset/{asset.pk}/sound/{track.pk}/language/"

    assert reviewer.post(address, {"language": "hi"}).status_code == 403
    assert address not in reviewer.get(f"/admin/media/asset/{asset.pk}/change/").content.decode()
    assert languages_of(asset) == ["und"]


# --- What settings cannot be together ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("codecs", "protection", "found"),
    [(["h264"], "", []), (["h264", "hevc"], "cbcs", []), (["h264", "av1"], "", []),
     (["h264", "av1"], "cenc", ["media.E003"]), (["h264"], "aes", ["media.E002"]),
     (["hevc"], "", ["media.E001"]), (["h264", "vp9"], "", ["media.E001"])],
)  # fmt: skip
def test_a_ladder_that_cannot_be_made_or_protected_is_found_at_the_start(
    codecs: list[str], protection: str, found: list[str], settings: Any
) -> None:
    settings.LADDER_CODECS, settings.MEDIA_PROTECTION = codecs, protection

    assert [one.id for one in (*checks.ladder_can_be_made(), *checks.ladder_can_be_protected())] == found
