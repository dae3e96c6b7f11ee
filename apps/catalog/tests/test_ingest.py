"""`manage.py ingest`, and which title a film in the watch folder is for."""

from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog import tasks
from apps.catalog.management.commands import ingest
from apps.catalog.models import Episode, Kind, Title
from apps.catalog.services import publishing, videos
from apps.media import parts
from apps.media.models import Asset, AssetState, Job, JobState, Upload
from apps.media.services import assets

from .factories import AssetFactory, TitleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "My_film.mp4"
    path.write_bytes(b"film" * 1000)
    return path


def run(*arguments: Any) -> str:
    out = StringIO()
    call_command("ingest", *map(str, arguments), stdout=out)
    return out.getvalue()


def refused(*arguments: Any) -> str:
    with pytest.raises(CommandError) as refusal:
        run(*arguments)
    assert not Upload.objects.exists()
    assert not Job.objects.exists()
    return str(refusal.value)


# --- The command -------------------------------------------------------------------------------------


def test_a_film_is_copied_in_and_becomes_a_titles_video(film: Path) -> None:
    title = TitleFactory(slug="sintel", complete=True)
    before = title.revision

    said = run(film, "--title", "sintel", "--name", "Sintel, 4K master")

    upload = Upload.objects.get()
    title.refresh_from_db()
    assert title.asset == upload.asset
    assert title.revision == before + 1
    assert (title.asset.name, title.asset.filename) == ("Sintel, 4K master", "My_film.mp4")
    assert (title.asset.state, title.asset.created_by) == (AssetState.PROCESSING, None)
    assert film.read_bytes() == parts.path_of(upload.public_id).read_bytes()
    assert Job.objects.get().asset == title.asset
    assert "4.0 kB of 4.0 kB copied." in said
    assert str(title.asset.public_id) in said
    assert list(title.authors.all()) == []


def test_in_somebodys_name_it_is_their_edit(film: Path, esha: User, ravi: User) -> None:
    title = TitleFactory(slug="sintel", complete=True)
    assert "No member of staff" in refused(film, "--by", "nobody@example.com")

    run(film, "--title", "sintel", "--by", esha.email)

    assert list(title.authors.all()) == [esha]
    assert Asset.objects.get(name="My film").created_by == esha


def test_who_may_not_upload_may_not_by_command_either(film: Path, ravi: User) -> None:
    assert "may not" in refused(film, "--by", ravi.email)


def test_an_episode_is_named_by_its_numbers(film: Path) -> None:
    series = TitleFactory(slug="demo-series", kind=Kind.SERIES, complete=True)
    episode = Episode.objects.get(season__title=series, season__number=1, number=1)

    run(film, "--title", "demo-series", "--episode", "s01E1")

    episode.refresh_from_db()
    assert episode.asset == Upload.objects.get().asset
    series.refresh_from_db()
    assert series.asset is None


def test_what_is_in_the_way_is_told_before_anything_is_copied(
    film: Path, tmp_path: Path, esha: User, settings: Any
) -> None:
    locked = TitleFactory(slug="locked", complete=True)
    publishing.submit(locked, by=esha)
    TitleFactory(slug="series", kind=Kind.SERIES, complete=True)
    empty = tmp_path / "empty.mp4"
    empty.touch()

    assert "in review" in refused(film, "--title", "locked")
    assert "no title" in refused(film, "--title", "nothing")
    assert "Say which" in refused(film, "--title", "series")
    assert "no S7E9" in refused(film, "--title", "series", "--episode", "S7E9")
    assert "S1E2" in refused(film, "--title", "series", "--episode", "first")
    assert "--title" in refused(film, "--episode", "S1E1")
    assert "No such file" in refused(tmp_path / "nowhere.mp4")
    assert "empty" in refused(empty)
    settings.UPLOAD_MAX_BYTES = 10
    assert "10 bytes" in refused(film)


@pytest.mark.parametrize(
    ("state", "cause"), [(JobState.QUARANTINED, "No picture."), (JobState.CANCELLED, "Cancelled.")]
)
def test_it_waits_and_tells_how_it_ended(
    film: Path, monkeypatch: pytest.MonkeyPatch, state: str, cause: str
) -> None:
    looks: list[float] = []

    def working(seconds: float) -> None:
        looks.append(seconds)
        steps = Job.objects.get().steps.all()
        steps.update(done=0.25 * len(looks))
        if len(looks) == 3:
            Job.objects.update(state=state, cause=cause, ended_at=timezone.now())

    monkeypatch.setattr(ingest.time, "sleep", working)
    out = StringIO()
    with pytest.raises(CommandError, match=cause):
        call_command("ingest", str(film), "--wait", stdout=out)
    assert [line for line in out.getvalue().splitlines() if "%" in line] == [
        "0 %, waiting.", "25 %, waiting.", "50 %, waiting.",
    ]  # fmt: skip


def test_it_waits_until_the_video_can_be_played(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def done(seconds: float) -> None:
        Asset.objects.filter(state=AssetState.UPLOADED).update(state=AssetState.PROCESSING)
        assets.ready(Asset.objects.get(), duration_ms=90_500)

    monkeypatch.setattr(ingest.time, "sleep", done)
    assert "Ready to play, 90.5 s." in run(film, "--wait")


# --- The watch folder --------------------------------------------------------------------------------


def video() -> Asset:
    return assets.uploaded("film", filename="film.mp4", by=None)


def title(slug: str, asset: Asset | None, **fields: Any) -> Title:
    made: Title = TitleFactory(slug=slug, complete=True, **fields)
    Title.objects.filter(pk=made.pk).update(asset=asset)
    return made


def main_video(made: Title) -> Asset | None:
    return Title.objects.get(pk=made.pk).asset


def test_a_film_named_as_a_title_is_its_video_if_one_is_wanted(esha: User) -> None:
    wanted, stood_in = title("sintel", None), title("spring", AssetFactory(placeholder=True))
    full, locked = title("charge", AssetFactory()), title("locked", None)
    there = main_video(full)
    Title.objects.filter(pk=locked.pk).update(state="in_review")

    for name in ("sintel.mp4", "spring.mkv", "charge.mp4", "locked.mp4", "nothing.mp4", "../sintel.mp4"):
        videos.assign_by_path(video(), Path(name))

    assert main_video(wanted) == Asset.objects.filter(name="film").earliest("pk")
    assert main_video(stood_in) is not None
    assert not main_video(stood_in).placeholder
    assert main_video(full) == there
    assert main_video(locked) is None


def test_a_film_named_as_an_episode_is_its_video() -> None:
    series = TitleFactory(slug="demo-series", kind=Kind.SERIES, complete=True)
    episode = Episode.objects.filter(season__title=series, season__number=1).first()
    assert episode is not None
    Episode.objects.filter(pk=episode.pk).update(asset=None)
    one, other = video(), video()

    for asset, name in (
        (other, "demo-series/s9e9.mkv"),
        (other, "demo-series.mp4"),
        (one, "demo-series/S1E1.mkv"),
    ):
        videos.assign_by_path(asset, Path(name))

    episode.refresh_from_db()
    assert episode.asset == one


@pytest.mark.django_db(transaction=True)
def test_the_workers_look_into_the_folder_that_is_set(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.look_into_watch_folder()
    settings.WATCH_FOLDER = str(tmp_path / f"watched-{uuid4()}")
    folder = Path(settings.WATCH_FOLDER)
    folder.mkdir()
    made = title("sintel", None)
    (folder / "sintel.mp4").write_bytes(b"film")
    monkeypatch.setattr("apps.media.services.watching.SETTLED_S", 0.0)

    tasks.look_into_watch_folder()

    assert main_video(made) == Upload.objects.get().asset
    assert list(folder.iterdir()) == []
    assert connection.connection is not None
