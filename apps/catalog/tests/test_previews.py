"""Previews: what a signed link shows of the draft, to whom, for how long, and how privately."""

import re
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Artwork, Credit, Episode, Event, Kind, Season, Tier, Title, TitleText, Window
from apps.catalog.services import artworks, previews, publishing
from apps.core.errors import DomainError

from .factories import GenreFactory, PersonFactory, TitleFactory, complete_title, staff
from .newsday import again, approved, edit, forbidden, refused, soon
from .painting import jpeg, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def title(esha: User) -> Title:
    return TitleFactory(name="Sintel", complete=True, released_on=date(2010, 9, 27), maturity=13)


def path_of(url: str) -> str:
    return urlsplit(url).path


def token_of(url: str) -> str:
    return path_of(url).removeprefix("/preview/")


def opened(url: str, client: Client, **query: str) -> str:
    """The page as text, which must be there."""
    response = client.get(path_of(url), query)
    assert response.status_code == 200, response.content
    return response.content.decode()


def ended(url: str, client: Client, status: int) -> str:
    response = client.get(path_of(url))
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/html")
    _is_private(response)
    return response.content.decode()


def _is_private(response: Any) -> None:
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response.headers["X-Robots-Tag"]


# --- Links -------------------------------------------------------------------------------------------


def test_a_link_opens_without_an_account_and_shows_the_draft(
    title: Title, esha: User, client: Client, settings: Any
) -> None:
    TitleText.objects.filter(title=title, language="en").update(tagline="Of a dragon.", advice="A sad end.")
    title.genres.add(GenreFactory(slug="fantasy", name="Fantasy"))
    Credit.objects.create(title=title, person=PersonFactory(name="Halina"), role="voice", character="Sintel")
    Credit.objects.create(title=title, person=PersonFactory(name="Colin"), role="director")

    url = previews.link(title, by=esha)

    assert url.startswith(f"{settings.SITE_URL}/preview/")
    html = opened(url, client)
    for shown in ("Sintel", "Of a dragon.", "2010", "U/A 13+", "10 min", "Fantasy", "The story of Sintel.",
                  "A sad end.", "Halina", "as Sintel", "Colin", "Director", "Free",
                  "Preview of an unpublished draft"):  # fmt: skip
        assert shown in html
    assert f'"{again(title).pk}"' not in html


def test_a_link_always_shows_the_present_draft_and_never_the_shelf(
    esha: User, ravi: User, priya: User, client: Client
) -> None:
    title = approved(esha, ravi)
    publishing.publish(title, by=priya)
    url = previews.link(title, by=esha)

    edit(title, esha, synopsis="Rewritten.")

    assert "Rewritten." in opened(url, client)


def test_links_are_made_by_those_who_may_see_the_title(title: Title, viewer: User) -> None:
    forbidden(previews.link, title, by=viewer)
    forbidden(previews.link, title, by=staff())


def test_a_link_ends(title: Title, esha: User, client: Client) -> None:
    url = previews.link(title, by=esha)

    with time_machine.travel(timezone.now() + timedelta(hours=71, minutes=59)):
        opened(url, client)
    with time_machine.travel(timezone.now() + timedelta(hours=72)):
        assert "expired" in ended(url, client, 410)


def test_a_link_ends_with_its_title(title: Title, esha: User, priya: User, client: Client) -> None:
    url = previews.link(title, by=esha)

    publishing.archive(title, by=priya)

    assert "put away" in ended(url, client, 410)
    refused("wrong_state", previews.link, again(title), by=esha)
    publishing.restore(title, by=priya)
    opened(url, client)
    again(title).delete()
    ended(url, client, 410)


def test_a_forged_link_is_no_link(title: Title, esha: User, client: Client) -> None:
    token = token_of(previews.link(title, by=esha))
    other = TitleFactory(complete=True)
    payload = signing.Signer(salt="catalog.artwork.preview").sign_object([other.public_id.hex, 9_999_999_999])
    forged = [token[:-1] + ("A" if token[-1] != "A" else "B"), token[:10], "x", "a:b:c", payload, "%00", "é"]
    for one in forged:
        page = ended(f"/preview/{one}", client, 404)
        assert "not a preview link of ours" in page
    assert client.get("/preview/").status_code == 404


def test_a_link_of_one_title_shows_no_other(title: Title, esha: User) -> None:
    other = TitleFactory(complete=True)
    token = token_of(previews.link(other, by=esha))

    assert previews.draft(token, "en", timezone.now()).title == other


# --- The answer --------------------------------------------------------------------------------------


def test_the_page_is_private_and_runs_nothing(title: Title, esha: User, client: Client) -> None:
    url = previews.link(title, by=esha)
    response = client.get(path_of(url))

    _is_private(response)
    html = response.content.decode()
    assert '<meta name="robots" content="noindex, nofollow">' in html
    assert "<script" not in html
    assert " style=" not in html
    assert "<style" not in html
    assert not response.cookies
    assert client.head(path_of(url)).status_code == 200
    assert client.post(path_of(url)).status_code == 405


def test_what_editors_write_stays_text(title: Title, esha: User, client: Client) -> None:
    evil = '<script>alert(1)</script> " onload="x'
    TitleText.objects.filter(title=title, language="en").update(name=evil, synopsis=evil, tagline=evil)
    Artwork.objects.update(alt=evil)

    html = opened(previews.link(title, by=esha), client)

    assert "<script" not in html
    assert '" onload="' not in html


def test_the_page_speaks_the_languages_of_the_site(title: Title, esha: User, client: Client) -> None:
    Credit.objects.create(title=title, person=PersonFactory(name="Colin"), role="director")
    title.descriptors = ["violence"]
    title.save()
    url = previews.link(title, by=esha)

    hindi = opened(url, client, language="hi")

    assert '<html lang="hi">' in hindi
    for shown in ("Sintel हिन्दी", "निर्देशक", "हिंसा", "मुफ़्त", "अप्रकाशित प्रारूप", "The story of Sintel."):
        assert shown in hindi
    assert client.get(path_of(url), {"language": "xx"}).status_code == 400


@pytest.mark.parametrize(
    ("window", "announced", "word"),
    [
        ({}, False, "Free"),
        ({"tier": Tier.PREMIUM}, False, "Premium"),
        ({"ends_at": soon(days=9)}, False, "Available until"),
        ({"starts_at": soon(days=9)}, True, "Coming soon"),
        ({"starts_at": soon(days=9)}, False, "Not shown before its time"),
        ({"ends_at": soon(days=-9)}, False, "No longer available"),
        ({"scope": "only", "countries": ["IN", "NP"]}, False, "Only in IN, NP"),
        ({"scope": "except", "countries": ["US"], "max_height": 1080}, False, "Everywhere but US · ≤ 1080p"),
        (None, False, "No rights window yet"),
    ],
)
def test_the_page_says_where_the_title_stands(
    title: Title, esha: User, client: Client, window: dict[str, Any] | None, announced: bool, word: str
) -> None:
    if window is None:
        Window.objects.all().delete()
    else:
        Window.objects.filter(title=title).update(**window)
    Title.objects.update(announced=announced)

    assert word in opened(previews.link(title, by=esha), client)


def test_a_series_shows_its_seasons_without_those_held_back(esha: User, client: Client) -> None:
    series = complete_title(TitleFactory(kind=Kind.SERIES))
    Episode.objects.filter(number=1).update(name="The Pilot")
    held = Season.objects.create(title=series, number=2, held=True)
    Episode.objects.create(season=held, number=1, name="A Secret")

    html = opened(previews.link(series, by=esha), client)

    for shown in ("Season 1", "1. The Pilot", "1 season, 2 episodes"):
        assert shown in html
    assert "A Secret" not in html


def test_a_match_shows_who_plays_when_and_where(esha: User, client: Client) -> None:
    match = complete_title(TitleFactory(kind=Kind.SPORT))
    Event.objects.create(
        title=match, sport="Cricket", competition="Ranji Trophy", round="Final", venue="Eden Gardens",
        kick_off_at="2026-12-05T04:00:00Z",
    )  # fmt: skip

    html = opened(previews.link(match, by=esha), client)

    for shown in ("Ranji Trophy · Final", "Eden Gardens", "5 December 2026, 04:00 UTC"):
        assert shown in html


def test_an_empty_draft_has_a_page_too(esha: User, client: Client) -> None:
    for kind in Kind:
        html = opened(previews.link(TitleFactory(kind=kind), by=esha), client)
        for shown in ("Not rated yet", "No picture yet", "No rights window yet"):
            assert shown in html


# --- Pictures ----------------------------------------------------------------------------------------


def test_pictures_of_the_desk_can_be_fetched_with_the_page_and_not_without(
    esha: User, client: Client
) -> None:
    title = TitleFactory(name="Sintel")
    poster = artworks.add(title, kind="poster", file=upload(jpeg((600, 900))), by=esha, alt="A girl.")
    artworks.prepare(poster)
    url = previews.link(title, by=esha)
    draft = previews.draft(token_of(url), "en", timezone.now())
    variants = draft.document["artwork"]["poster"]["variants"]
    shown = set(re.findall(r"/images/[^\s\"]+", opened(url, client)))
    assert {one for one in shown if ".jpeg?" in one} <= {variant["url"] for variant in variants}
    assert len(shown) > 2

    for address in shown:
        assert client.get(address).status_code == 200
        assert client.get(address.partition("?")[0]).status_code == 404
    with time_machine.travel(draft.ends_at):
        assert client.get(variants[0]["url"]).status_code == 404


# --- For the editors' API ----------------------------------------------------------------------------


def test_the_draft_comes_as_the_document_that_players_would_get(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi)
    now = timezone.now()
    token = token_of(previews.link(title, by=esha))

    draft = previews.draft(token, "hi", now)

    publishing.publish(title, by=priya)
    assert draft.document == title.versions.get().documents["hi"]["document"]
    assert draft.language == "hi"
    assert draft.ends_at == (now + previews.LASTS).replace(microsecond=0)
    with pytest.raises(DomainError):
        previews.draft(token, "xx", now)
