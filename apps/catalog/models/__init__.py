"""The desk (titles and all they have) and the shelf (listings)."""

from .artwork import Artwork
from .collection import Collection, CollectionItem
from .episodes import Episode, Extra, Season
from .listing import Listing, ListingDocument, ListingGenre, ListingWindow
from .people import Credit, Person, PersonText, Role
from .release import Release, ReleaseItem, TickerBeat
from .segment import Segment
from .sport import Contestant, Event, Team
from .text import CollectionText, EpisodeText, ExtraText, SeasonText, TitleText
from .title import Descriptor, ExternalId, FormerSlug, Kind, Title
from .transfer import Transfer
from .version import TitleVersion
from .vocabulary import Genre, GenreName, Tag
from .window import Tier, Window

__all__ = [
    "Artwork",
    "Collection",
    "CollectionItem",
    "CollectionText",
    "Contestant",
    "Credit",
    "Descriptor",
    "Episode",
    "EpisodeText",
    "Event",
    "ExternalId",
    "Extra",
    "ExtraText",
    "FormerSlug",
    "Genre",
    "GenreName",
    "Kind",
    "Listing",
    "ListingDocument",
    "ListingGenre",
    "ListingWindow",
    "Person",
    "PersonText",
    "Release",
    "ReleaseItem",
    "Role",
    "Season",
    "SeasonText",
    "Segment",
    "Tag",
    "Team",
    "TickerBeat",
    "Tier",
    "Title",
    "TitleText",
    "TitleVersion",
    "Transfer",
    "Window",
]
