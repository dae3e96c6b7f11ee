"""Frames out of the film as pictures of the title, with one press."""

from pathlib import Path

import pytest
from PIL import Image

from apps.accounts.models import User
from apps.catalog.models import Artwork, Episode, Kind, Season, Title
from apps.media import origin
from apps.media.models import Asset

from .factories import AssetFactory, TitleFactory
from .newsday import again
from .pages import Desk, nothing_changes
from .painting import jpeg

pytestmark = pytest.mark.django_db
HD, SD = (1920, 1080), (854, 480)


def filmed(tmp_path: Path, size: tuple[int, int]) -> Asset:
    asset: Asset = AssetFactory()
    asset.stills = []
    for number in range(2):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(jpeg(size, shade=90 * number))
        asset.stills.append(origin.put(path, f"packages/{asset.public_id}/still-{number}.jpg").key)
    asset.save()
    asset.renditions.filter(height=720).update(picture_width=size[0], picture_height=size[1])
    return asset


def panel(desk: Desk, owner: Title | Episode) -> str:
    url = f"/admin/catalog/artwork/of/{owner._meta.model_name}/{owner.pk}/"
    return desk.client.get(url, HTTP_X_NEWSROOM="inplace").content.decode()


def press(desk: Desk, owner: Title | Episode, frame: str, kind: str, revision: str = "0") -> str:
    url = f"/admin/catalog/artwork/of/{owner._meta.model_name}/{owner.pk}/frame/"
    return desk.post(url, frame=frame, kind=kind, revision=revision).content.decode()


def test_a_frame_becomes_a_poster_and_a_backdrop(esha: User, tmp_path: Path) -> None:
    title = TitleFactory(asset=filmed(tmp_path, HD))
    desk = Desk(esha)
    assert "Out of the film" in panel(desk, title)

    assert "Being prepared" in press(desk, title, "1", "poster")
    press(desk, title, "0", "backdrop", revision="1")

    poster, backdrop = (Artwork.objects.get(title=title, kind=kind) for kind in ("poster", "backdrop"))
    assert (poster.width, poster.height) == (720, 1080)
    assert (backdrop.width, backdrop.height) == HD
    with poster.original.open() as file, Image.open(file) as picture:
        _, green, _ = picture.convert("RGB").getpixel((360, 100))  # type: ignore[misc]
    assert abs(green - 90) < 10
    assert again(title).revision == 2


def test_what_the_film_is_too_small_for_is_not_offered(esha: User, tmp_path: Path) -> None:
    title = TitleFactory(asset=filmed(tmp_path, SD))
    desk = Desk(esha)
    page = panel(desk, title)
    assert "Frame 1 as still" in page
    assert "Frame 1 as poster" not in page
    with nothing_changes():
        assert "not there any more" in press(desk, title, "0", "poster")


def test_an_episode_takes_its_still_from_its_own_film(esha: User, tmp_path: Path) -> None:
    season = Season.objects.create(title=TitleFactory(kind=Kind.SERIES), number=1)
    episode = Episode.objects.create(season=season, number=1, asset=filmed(tmp_path, SD))
    press(Desk(esha), episode, "0", "still")
    assert Artwork.objects.get(episode=episode).kind == "still"


@pytest.mark.parametrize(
    ("frame", "kind"), [("2", "still"), ("-1", "still"), ("x", "still"), ("9" * 400, "still"), ("0", "logo")]
)
def test_a_frame_that_is_not_there_is_refused(esha: User, tmp_path: Path, frame: str, kind: str) -> None:
    title = TitleFactory(asset=filmed(tmp_path, HD))
    with nothing_changes():
        assert "not there any more" in press(Desk(esha), title, frame, kind)


def test_who_may_not_change_titles_takes_none(ravi: User, tmp_path: Path) -> None:
    title = TitleFactory(asset=filmed(tmp_path, HD))
    desk = Desk(ravi)
    assert "Out of the film" not in panel(desk, title)
    with nothing_changes():
        assert desk.post(
            f"/admin/catalog/artwork/of/title/{title.pk}/frame/", frame="0", kind="poster"
        ).status_code == 403  # fmt: skip


def test_without_a_film_nothing_is_offered(esha: User) -> None:
    assert "Out of the film" not in panel(Desk(esha), TitleFactory())


def test_a_frame_whose_file_is_gone_is_refused(esha: User, tmp_path: Path) -> None:
    title = TitleFactory(asset=filmed(tmp_path, HD))
    origin.sweep(f"packages/{title.asset.public_id}")
    with nothing_changes():
        assert "not there any more" in press(Desk(esha), title, "0", "poster")
