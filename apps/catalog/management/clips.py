"""Which films the demo's videos get: as long as a demonstration needs, and not as long as the real ones."""

from dataclasses import dataclass
from zlib import crc32

from apps.catalog.films.film import Film, Part
from apps.catalog.models import Episode, Segment, Title
from apps.media.models import Asset


@dataclass(frozen=True, slots=True)
class Clip:
    """`height` in pixels, languages in BCP 47."""

    height: int
    seconds: int
    audio: tuple[str, ...] = ("en",)
    subtitles: tuple[str, ...] = ("en",)


# By the public id of the fixtures' assets: the one name of theirs that nobody can change.
CLIPS = {
    "2ce42ade-18b6-5d0f-b46f-935940aac866": Clip(720, 24, subtitles=("en", "hi")),  # Big Buck Bunny
    "213873b4-c21a-5721-94b7-57379c54d179": Clip(1080, 24),  # Sintel
    "9dc9370b-c8d3-5eaf-8d5c-a8bfc024edd8": Clip(1080, 24, ("en", "hi"), ("en", "hi")),  # Tears of Steel
    "f94df56d-6aca-5a87-920e-32b735dba26e": Clip(720, 18),  # Demo Series S1E1
    "87accb32-3352-5e9f-b41c-d27a09e50808": Clip(720, 18),
    "abccc8de-fd0d-521f-be18-53634fad053e": Clip(720, 18),
    "186c1875-be1d-52ab-9b76-fae4d079131a": Clip(720, 12),  # Elephants Dream
    "980dc849-7a44-59ed-a047-72e9d3fe66b2": Clip(720, 12, subtitles=()),  # Spring
    "2cb560d2-3574-5889-b83a-037d08b90e13": Clip(720, 12),  # Cosmos Laundromat
}


def videos_of(title: Title) -> list[Asset]:
    """Those of the demo, in the order in which they are shown."""
    episodes = Asset.objects.filter(episodes__season__title=title).order_by(
        "episodes__season__number", "episodes__number"
    )
    found = [title.asset] if title.asset else list(episodes)
    return [asset for asset in found if str(asset.public_id) in CLIPS]


def film_for(asset: Asset) -> Film:
    """The film of a video of the demo, by what the catalogue says of it. Raises KeyError for other videos."""
    clip = CLIPS[str(asset.public_id)]
    owner = Title.objects.filter(asset=asset).first() or Episode.objects.filter(asset=asset).first()
    names = {text.language: text.name for text in owner.texts.all()} if owner else {}
    return Film(
        title=_called(owner) or asset.name,
        height=clip.height,
        seconds=clip.seconds,
        audio=clip.audio,
        names={language: names.get(language) or asset.name for language in clip.subtitles},
        parts=tuple(_part(one) for one in owner.segments.all()) if owner else (),
        seed=crc32(asset.public_id.bytes) % 1000,
    )


def _called(owner: Title | Episode | None) -> str:
    if isinstance(owner, Episode):
        series = owner.season.title.name
        return f"{series} {owner.season.number}x{owner.number}: {owner.name}"
    return owner.name if owner else ""


def _part(segment: Segment) -> Part:
    return Part(segment.get_kind_display(), segment.start_ms, segment.end_ms)
