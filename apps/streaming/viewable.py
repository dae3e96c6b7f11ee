"""Of a package, what one viewer may see of it, and in which order. Pure."""

from dataclasses import dataclass, replace

from apps.media.playlists import Package

from .codecs import decodes, name_of
from .decision import speaks
from .tokens import MediaClaims


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_height` in lines, 0 for none; `languages` of sound and subtitles, None for any.

    `codecs`: those that the device plays; None: it did not say. They are no right, and limit manifests alone.
    """

    max_height: int
    languages: frozenset[str] | None
    codecs: frozenset[str] | None = None

    @classmethod
    def of(cls, claims: MediaClaims) -> "Limits":
        return cls(claims.max_height, _set_of(claims.languages), _set_of(claims.codecs))

    def fit(self, height: int) -> bool:
        """A rung of so many lines; what is no picture has 0."""
        return not self.max_height or height <= self.max_height

    def permit(self, height: int, language: str) -> bool:
        """`language` "" is that of what nobody speaks or reads."""
        return self.fit(height) and (not language or speaks(self.languages, language))


def _set_of(told: list[str] | None) -> frozenset[str] | None:
    return None if told is None else frozenset(told)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a profile likes to hear and read first; "" leaves it to the package."""

    audio: str = ""
    described: bool = False
    subtitles: str = ""


def within(package: Package, limits: Limits) -> Package:
    """Without what the limits rule out."""
    return replace(
        package,
        videos=tuple(
            one for one in package.videos if limits.fit(one.height) and decodes(limits.codecs, one.codec)
        ),
        audios=tuple(
            one
            for one in package.audios
            if limits.permit(0, one.language) and decodes(limits.codecs, name_of(one.outline.codecs))
        ),
        subtitles=tuple(one for one in package.subtitles if limits.permit(0, one.language)),
    )


def arranged(package: Package, wishes: Wishes) -> Package:
    """With what is wished for in front: players begin with the first sound."""
    return replace(
        package,
        audios=tuple(
            sorted(
                package.audios,
                key=lambda one: (_misses(wishes.audio, one.language), one.described != wishes.described),
            )
        ),
        subtitles=tuple(sorted(package.subtitles, key=lambda one: _misses(wishes.subtitles, one.language))),
    )


def _misses(wish: str, language: str) -> int:
    """0: the very language; 1: a variety of it; 2: another."""
    if not wish or wish == language:
        return 0
    return 1 if wish.partition("-")[0] == language.partition("-")[0] else 2
