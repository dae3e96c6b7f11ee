"""The newsroom: editors' pages over the catalogue's services."""

from . import (
    artwork,
    collections,
    people,
    releases,
    seasons_episodes,
    titles,
    transfers,
    versions,
    vocabulary,
)

__all__ = [
    "artwork",
    "collections",
    "people",
    "releases",
    "seasons_episodes",
    "titles",
    "transfers",
    "versions",
    "vocabulary",
]
