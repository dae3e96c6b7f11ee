"""Pictures in the newsroom: uploading, describing, framing and taking them off."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.catalog.models import Artwork, Collection, Episode, Kind, Season, Title
from apps.catalog.services import publishing

from .factories import ArtworkFactory, PersonFactory, TitleFactory
from .newsday import again
from .pages import Desk, nothing_changes
from .painting import jpeg, upload

pytestmark = pytest.mark.django_db
SIZES = {"poster": (600, 900), "backdrop": (1280, 720), "still": (640, 360), "portrait": (300, 400)}


def panel(desk: Desk, owner: Any) -> str:
    return f"/admin/catalog/artwork/of/{owner._meta.model_name}/{owner.pk}/"


def add(desk: Desk, owner: Any, kind: Any = "poster", **given: Any) -> Any:
    fields = {"picture-kind": kind, "picture-language": "", "picture-alt": "",
              "picture-file": upload(jpeg(SIZES[kind])), **given}  # fmt: skip
    return desk.post(panel(desk, owner), **fields)


@pytest.fixture
def title(esha: User) -> Title:
    return TitleFactory(name="Sintel")


@pytest.fixture
def poster(title: Title) -> Artwork:
    variants = [{"format": "webp", "width": 160, "height": 240, "path": "a/160.webp"}]
    return ArtworkFactory(title=title, variants=variants)


def test_an_upload_is_an_edit_and_the_page_goes_on_with_the_new_revision(esha: User, title: Title) -> None:
    answer = add(
        Desk(esha), title, revision="0", **{"picture-alt": "A girl and a dragon", "picture-language": "hi"}
    )

    artwork = Artwork.objects.get()
    assert (artwork.title, artwork.kind, artwork.language, artwork.alt) == (
        title, "poster", "hi", "A girl and a dragon",
    )  # fmt: skip
    page = answer.content.decode()
    assert "Being prepared" in page
    assert 'data-new-revision="1"' in page
    assert list(again(title).authors.all()) == [esha]


def test_a_wrong_picture_is_refused_with_the_reason(esha: User, title: Title) -> None:
    with nothing_changes():
        small = add(Desk(esha), title, **{"picture-file": upload(jpeg((100, 150)))})
        assert "A poster needs at least 600 x 900 pixels" in small.content.decode()
        text = add(Desk(esha), title, **{"picture-file": upload(b"<svg onload=alert(1)>")})
        assert "Only JPEG, PNG, WebP and AVIF pictures are taken." in text.content.decode()
        assert "This field is required" in add(Desk(esha), title, **{"picture-file": ""}).content.decode()


def test_an_upload_to_what_somebody_else_has_saved_is_refused(esha: User, omar: User, title: Title) -> None:
    Desk(omar).save(title, name="Other")
    with nothing_changes():
        assert "saved in another place" in add(Desk(esha), title, revision="0").content.decode()


def test_another_focal_point_is_another_picture(esha: User, poster: Artwork) -> None:
    name = f"picture-{poster.pk}"
    given = {
        f"{name}-language": "en",
        f"{name}-alt": "A girl",
        f"{name}-focal_x": "0.25",
        f"{name}-focal_y": "0.8",
    }

    Desk(esha).post(f"/admin/catalog/artwork/{poster.pk}/edit/", revision="0", **given)

    (kept,) = Artwork.objects.filter(dropped=False)
    assert (kept.focal_x, kept.focal_y, kept.alt, kept.language) == (0.25, 0.8, "A girl", "en")
    assert kept.pk != poster.pk


def test_a_focal_point_outside_is_refused(esha: User, poster: Artwork) -> None:
    name = f"picture-{poster.pk}"
    for wrong in ("1.5", "nan", "", "left"):
        given = {
            f"{name}-language": "",
            f"{name}-alt": "",
            f"{name}-focal_x": wrong,
            f"{name}-focal_y": "0.5",
        }
        with nothing_changes():
            page = Desk(esha).post(f"/admin/catalog/artwork/{poster.pk}/edit/", **given).content.decode()
        assert "not valid" in page


def test_taking_a_picture_off_keeps_its_row(esha: User, poster: Artwork, title: Title) -> None:
    page = Desk(esha).post(f"/admin/catalog/artwork/{poster.pk}/drop/", revision="0").content.decode()
    poster.refresh_from_db()
    assert poster.dropped
    assert "There is no picture yet." in page
    assert Desk(esha).post(f"/admin/catalog/artwork/{poster.pk}/drop/").status_code == 404


def test_who_may_not_change_titles_sees_pictures_and_changes_none(
    ravi: User, poster: Artwork, title: Title
) -> None:
    desk = Desk(ravi)
    page = desk.client.get(panel(desk, title), HTTP_X_NEWSROOM="inplace").content.decode()
    assert "Add a picture" not in page
    with nothing_changes():
        assert add(desk, title).status_code == 403
        assert desk.post(f"/admin/catalog/artwork/{poster.pk}/drop/").status_code == 403


def test_pictures_of_a_locked_title_stay_as_they_are(esha: User) -> None:
    title = TitleFactory(complete=True)
    publishing.submit(title, by=esha)
    with nothing_changes():
        assert "cannot be edited" in add(Desk(esha), title).content.decode()


def test_everything_that_has_pictures_has_the_panel(esha: User) -> None:
    series = TitleFactory(kind=Kind.SERIES)
    season = Season.objects.create(title=series, number=1)
    episode = Episode.objects.create(season=season, number=1)
    collection = Collection.objects.create(slug="best", name="Best")
    owners = {season: "poster", episode: "still", PersonFactory(): "portrait", collection: "backdrop"}
    for owner, kind in owners.items():
        assert "Add a picture" in Desk(esha).open(owner).content.decode()
        assert add(Desk(esha), owner, kind).status_code == 200
    assert Artwork.objects.count() == len(owners)
    assert again(series).revision == 2


def test_a_panel_of_nothing_is_404(esha: User, title: Title) -> None:
    for url in ("of/title/999999/", "of/user/1/", "999999/edit/"):
        assert Desk(esha).post(f"/admin/catalog/artwork/{url}").status_code == 404, url
