"""Working copies with something of everything, and versions of them."""

from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Max

from apps.catalog import compile as compiling
from apps.catalog import snapshot
from apps.catalog.models import (
    Artwork,
    Contestant,
    Credit,
    Episode,
    EpisodeText,
    Event,
    ExternalId,
    Extra,
    ExtraText,
    GenreName,
    Kind,
    Listing,
    PersonText,
    Season,
    SeasonText,
    Segment,
    Tag,
    Team,
    Tier,
    Title,
    TitleText,
    TitleVersion,
)
from apps.catalog.services import listings
from apps.media.models import AssetState

from .factories import (
    ArtworkFactory,
    AssetFactory,
    GenreFactory,
    PersonFactory,
    TitleFactory,
    WindowFactory,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
VARIANTS = [
    {"format": form, "width": width, "height": width * 3 // 2, "path": f"artwork/variants/{width}.{form}"}
    for form in ("avif", "webp", "jpeg")
    for width in (200, 400)
]


def movie(**fields: Any) -> Title:
    """Texts in English and Hindi, credits, pictures, windows, segments, extras, ids."""
    fields = {"asset": AssetFactory(), "released_on": date(2008, 4, 10), "maturity": 13, **fields}
    title: Title = TitleFactory(descriptors=["violence", "language"], **fields)
    _texts(title)
    comedy = GenreFactory(slug="comedy", name="Comedy")
    GenreName.objects.get_or_create(genre=comedy, language="hi", defaults={"name": "हास्य"})
    title.genres.set([comedy, GenreFactory(slug="action", name="Action")])
    title.tags.set([Tag.objects.get_or_create(slug="open", defaults={"name": "Open film"})[0]])
    ExternalId.objects.create(title=title, scheme="imdb", value=f"tt{title.pk}")
    director = PersonFactory(name="Ton Roosendaal")
    PersonText.objects.create(person=director, language="hi", name="टॉन")
    Credit.objects.create(title=title, person=PersonFactory(), character="The hero", order=1)
    Credit.objects.create(title=title, person=director, role="director", order=0)
    for kind in (Artwork.Kind.POSTER, Artwork.Kind.BACKDROP):
        ArtworkFactory(title=title, kind=kind, variants=VARIANTS, alt="A picture.", focal_x=0.25)
    WindowFactory(title=title, tier=Tier.PREMIUM, scope="only", countries=["IN", "NP"], starts_at=NOON)
    WindowFactory(title=title, max_height=720, languages=["en"])
    Segment.objects.create(title=title, kind="credits", start_ms=500_000, end_ms=600_000)
    _extras(title)
    return title


def _texts(title: Title) -> None:
    english = {"tagline": "A tagline.", "synopsis": "A long story.", "advice": "Some violence."}
    TitleText.objects.create(title=title, language="en", name=title.name, **english)
    TitleText.objects.create(title=title, language="hi", name="फ़िल्म")


def _extras(title: Title) -> None:
    trailer = Extra.objects.create(title=title, name="Trailer", asset=AssetFactory(duration_ms=90_000))
    ExtraText.objects.create(extra=trailer, language="hi", name="झलक")
    Extra.objects.create(
        title=title, kind="interview", name="Interview", asset=AssetFactory(state=AssetState.PROCESSING)
    )


def series(seasons: int = 2, episodes: int = 2, **fields: Any) -> Title:
    """Seasons 1, 2 … with everything that seasons and episodes may have."""
    title = movie(kind=Kind.SERIES, asset=None, **fields)
    for number in range(1, seasons + 1):
        season = Season.objects.create(title=title, number=number)
        SeasonText.objects.create(season=season, language="en", name=f"Part {number}")
        ArtworkFactory(season=season, variants=VARIANTS)
        WindowFactory(season=season, tier=Tier.PREMIUM)
        for place in range(1, episodes + 1):
            episode(season, place)
    return title


def episode(season: Season, number: int) -> Episode:
    made = Episode.objects.create(season=season, number=number, name=f"E{number}", asset=AssetFactory())
    EpisodeText.objects.create(episode=made, language="en", name=f"Chapter {number}", synopsis="It goes on.")
    Credit.objects.create(episode=made, person=PersonFactory(), role="guest")
    ArtworkFactory(episode=made, kind=Artwork.Kind.STILL, width=1280, height=720, variants=VARIANTS)
    WindowFactory(episode=made, ends_at=NOON)
    Segment.objects.create(episode=made, kind="intro", start_ms=1000, end_ms=30_000)
    ExternalId.objects.create(episode=made, scheme="tvdb", value=str(made.pk))
    return made


def match(**fields: Any) -> Title:
    title = movie(kind=Kind.SPORT, **fields)
    event = Event.objects.create(
        title=title, sport="Cricket", competition="World Cup", round="Final", kick_off_at=NOON
    )
    for order, name in enumerate(("Sri Lanka", "India")):
        team, _ = Team.objects.get_or_create(slug=name.lower().replace(" ", "-"), defaults={"name": name})
        Contestant.objects.create(event=event, team=team, order=order)
    return title


def version(title: Title, **fields: Any) -> TitleVersion:
    """The working copy as a stored version, as publishing makes it."""
    taken = snapshot.take(title)
    compiled = compiling.compile(taken.source, taken.facts)
    highest = title.versions.aggregate(highest=Max("number"))["highest"] or 0
    return TitleVersion.objects.create(
        title=title,
        source=taken.source,
        columns=compiled.columns,
        documents=compiled.documents,
        checksum=compiling.checksum(taken.source, compiled.columns, compiled.documents),
        **{"number": highest + 1, "at": NOON, **fields},
    )


def projected(stored: TitleVersion, *, same_address: bool = False) -> Listing:
    """The version on the shelf."""
    listings.project_many([stored], same_address=same_address)
    return Listing.objects.get(title=stored.title_id)
