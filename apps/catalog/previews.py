"""The page that shows a draft as viewers would see the title's page: `/preview/<token>`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from . import wording
from .models import Descriptor, Extra, Role, Tier, Window
from .offers import Offer
from .services import previews

Json = dict[str, Any]
Say = Callable[..., str]
ON_SCREEN = {Role.ACTOR, Role.GUEST, Role.VOICE, Role.PRESENTER, Role.COMMENTATOR, Role.ATHLETE, Role.COACH}
# The order in which browsers should take them.
FORMATS = ("avif", "webp")
HEADINGS = {
    "preview": "Preview of an unpublished draft",
    "language": "Language",
    "extras": "Extras",
    "availability": "Availability",
    "gap": "No picture yet",
}


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """For whoever has the link; `language` is one of the site's."""
    at = timezone.now()
    language = request.GET.get("language", settings.LANGUAGE_CODE)
    draft = previews.draft(token, language, at)
    with translation.override(language):
        html = render_to_string("site/preview.html", shown(draft, at))
    return HttpResponse(html, headers=previews.PRIVATE)


def shown(draft: previews.Draft, at: datetime) -> Json:
    """What the template shows, in the draft's language."""
    say = partial(wording.say, draft.language)
    document = draft.document
    artwork = {kind: Picture.of(picture) for kind, picture in document["artwork"].items()}
    return {
        "language": draft.language,
        "languages": settings.LANGUAGES,
        "say": {name: say(words) for name, words in HEADINGS.items()},
        "ends": say("This link ends on %s", _moment(draft.ends_at)),
        "title": document,
        "artwork": artwork,
        "facts": list(filter(None, [document["year"], _extent(document, say)])),
        "rating": _rating(document, say),
        "availability": _availability(draft, at, say),
        "windows": [_window(Offer.of(window), say) for window in draft.windows],
        "event": _event(document["event"], say),
        "seasons": [_season(season, say) for season in document["seasons"]],
        "people": _people(document["credits"], say),
        "extras": [_extra(extra, say) for extra in document["extras"]],
        "tracks": _tracks(document["tracks"], say),
    }


@dataclass(frozen=True, slots=True)
class Picture:
    """For a <picture>: each format with its widths, and what to show where none of them is known."""

    sources: list[tuple[str, str]]
    src: str
    width: int
    height: int
    alt: str
    focus: str

    @classmethod
    def of(cls, picture: Json | None) -> Self | None:
        """`focus` are classes of preview.css: what must stay in view, in tenths."""
        if not picture or not picture["variants"]:
            return None
        by_format: dict[str, list[Json]] = {}
        for variant in sorted(picture["variants"], key=lambda one: one["width"]):
            by_format.setdefault(variant["format"], []).append(variant)
        plain = next((of for name, of in by_format.items() if name not in FORMATS), picture["variants"])
        focal = picture["focal"]
        return cls(
            sources=[(f"image/{name}", _srcset(by_format[name])) for name in FORMATS if name in by_format],
            src=plain[-1]["url"],
            width=plain[-1]["width"],
            height=plain[-1]["height"],
            alt=picture["alt"],
            focus=f"fx{round(focal['x'] * 10)} fy{round(focal['y'] * 10)}",
        )


def _srcset(variants: Iterable[Json]) -> str:
    return ", ".join(f"{one['url']} {one['width']}w" for one in variants)


# --- Sentences ---------------------------------------------------------------------------------------


def _extent(document: Json, say: Say) -> str:
    if "season_count" in document:
        return ", ".join(
            say(f"1 {word}") if count == 1 else say(f"%s {word}s", count)
            for word, count in (("season", document["season_count"]), ("episode", document["episode_count"]))
        )
    return _length(document, say)


def _length(video: Json, say: Say) -> str:
    if not video["duration_ms"]:
        return say("no video yet")
    hours, minutes = divmod(max(1, round(video["duration_ms"] / 60_000)), 60)
    length = say("%s h %s min", hours, minutes) if hours else say("%s min", minutes)
    return f"{length} ({say('placeholder')})" if video["placeholder"] else length


def _rating(document: Json, say: Say) -> Json:
    rating = document["maturity"]
    if rating is None:
        return {"label": say("Not rated yet"), "descriptors": []}
    descriptors = [say(Descriptor(one).label) for one in rating["descriptors"]]
    return {"label": rating["label"], "descriptors": descriptors}


def _availability(draft: previews.Draft, at: datetime, say: Say) -> Json:
    """Where it stands for somebody in a territory that is licensed: a word, and until or from when."""
    offers = [Offer.of(window) for window in draft.windows]
    now = [offer for offer in offers if offer.is_current(at)]
    ahead = [(offer.starts_at, offer.tier) for offer in offers if offer.is_ahead(at) and offer.starts_at]
    if now:
        ends = [offer.ends_at for offer in now]
        until = "" if None in ends else say("Available until %s", _moment(max(end for end in ends if end)))
        return {"word": _tier(min(offer.tier for offer in now), say), "when": until}
    if ahead:
        word = "Coming soon" if draft.title.announced else "Not shown before its time"
        starts_at, tier = min(ahead)
        return {"word": say(word), "when": f"{say('From %s', _moment(starts_at))} · {_tier(tier, say)}"}
    return {"word": say("No longer available" if offers else "No rights window yet"), "when": ""}


def _window(offer: Offer, say: Say) -> str:
    where = {
        Window.Territories.ONLY: "Only in %s",
        Window.Territories.EXCEPT: "Everywhere but %s",
    }.get(Window.Territories(offer.scope))
    told = [
        _tier(offer.tier, say),
        say(where, ", ".join(offer.countries)) if where else say("Everywhere"),
        say("From %s", _moment(offer.starts_at)) if offer.starts_at else "",
        say("Until %s", _moment(offer.ends_at)) if offer.ends_at else "",
        f"≤ {offer.max_height}p" if offer.max_height else "",
        ", ".join(map(_language, offer.languages)),
    ]
    return " · ".join(filter(None, told))


def _tier(tier: int, say: Say) -> str:
    return say(Tier(tier).label.capitalize())


def _moment(moment: datetime) -> str:
    return f"{date_format(moment.astimezone(UTC), 'j F Y, H:i')} UTC"


def _language(code: str) -> str:
    try:
        return str(translation.get_language_info(code)["name_local"])
    except KeyError:
        return code


# --- Parts -------------------------------------------------------------------------------------------


def _event(event: Json | None, say: Say) -> Json | None:
    if event is None:
        return None
    kick_off = datetime.fromisoformat(event["kick_off_at"])
    return {
        "what": " · ".join(filter(None, (event["competition"], event["season"], event["round"]))),
        "teams": [team["name"] for team in event["teams"]],
        "facts": [
            (say("Kick-off"), _moment(kick_off)),
            *([(say("Venue"), event["venue"])] if event["venue"] else []),
        ],
    }


def _season(season: Json, say: Say) -> Json:
    numbered = say("Season %s", season["number"]) if season["number"] else say("Specials")
    return {
        "heading": f"{numbered}: {season['name']}" if season["name"] else numbered,
        "synopsis": season["synopsis"],
        "episodes": [_episode(episode, say) for episode in season["episodes"]],
    }


def _episode(episode: Json, say: Say) -> Json:
    return {
        "number": episode["number"],
        "name": episode["name"],
        "synopsis": episode["synopsis"],
        "length": _length(episode, say),
        "still": Picture.of(episode["artwork"]["still"]),
    }


def _people(credits_: Iterable[Json], say: Say) -> list[tuple[str, list[Json]]]:
    """Those on the screen, and those behind it, each with what they did."""
    cast: list[Json] = []
    crew: list[Json] = []
    for credit in credits_:
        role = Role(credit["role"])
        did = say(role.label)
        part = say("as %s", credit["character"]) if credit["character"] else did
        told = {"name": credit["person"]["name"], "did": part if role in ON_SCREEN else did}
        (cast if role in ON_SCREEN else crew).append(told)
    return [(say(heading), people) for heading, people in (("Cast", cast), ("Crew", crew)) if people]


def _extra(extra: Json, say: Say) -> Json:
    kind = say(Extra.Kind(extra["kind"]).label)
    return {"name": extra["name"], "facts": f"{kind} · {_length(extra, say)}"}


def _tracks(tracks: Json | None, say: Say) -> list[tuple[str, str]]:
    if not tracks:
        return []
    named = (("Audio", tracks["audio"]), ("Subtitles", tracks["subtitles"]))
    return [(say(heading), ", ".join(map(_language, codes))) for heading, codes in named if codes]


urlpatterns = [path("<str:token>", page, name="preview")]
