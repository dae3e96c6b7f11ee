"""Frames of a film as its pictures: what `media.stills` picked out of the video, taken over in one go."""

from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image

from apps.accounts.models import User
from apps.catalog import pictures
from apps.catalog.models import Artwork, Episode, Title
from apps.catalog.pictures import Size
from apps.core.errors import InvalidField
from apps.media import origin
from apps.media.models import Asset, Rendition

from . import artworks

KINDS: dict[type[Title] | type[Episode], tuple[Artwork.Kind, ...]] = {
    Title: (Artwork.Kind.POSTER, Artwork.Kind.BACKDROP, Artwork.Kind.STILL),
    Episode: (Artwork.Kind.STILL,),
}
QUALITY = 95
MIDDLE = (0.5, 0.5)


def offered(owner: artworks.Owner) -> tuple[Asset | None, list[Artwork.Kind]]:
    """The video whose `stills` may become pictures of the owner, and what of. Frames may be too small for
    some kinds, or for all."""
    if not isinstance(owner, Title | Episode) or not owner.asset or not owner.asset.stills:
        return None, []
    size = _size(owner.asset)
    return owner.asset, [kind for kind in KINDS[type(owner)] if _fits(size, kind)]


def take(owner: artworks.Owner, number: int, *, kind: str, by: User) -> Artwork:
    """Frame `number` as a picture of the owner, cropped from its middle to the shape of the kind.

    Raises `InvalidField` (`frame`: does_not_exist), and what `artworks.add` raises.
    """
    asset, kinds = offered(owner)
    gone = InvalidField("frame", "does_not_exist", "This frame is not there any more.")
    if asset is None or kind not in kinds or not 0 <= number < len(asset.stills):
        raise gone
    try:
        data = _cropped(asset.stills[number], kind)
    except FileNotFoundError as error:  # swept since, for the film was made anew
        raise gone from error
    return artworks.add(owner, kind=kind, file=ContentFile(data, name=f"{kind}.jpg"), by=by)


def _cropped(key: str, kind: str) -> bytes:
    with origin.opened(key) as file, Image.open(file) as frame:
        box = pictures.crop(Size(*frame.size), pictures.RULES[kind].shape, MIDDLE)
        cropped = frame.crop((round(box.left), round(box.top), round(box.right), round(box.bottom)))
    data = BytesIO()
    cropped.save(data, "JPEG", quality=QUALITY)
    return data.getvalue()


def _size(asset: Asset) -> Size:
    """Of the rendition that the frames are from."""
    best = asset.renditions.filter(codec=Rendition.Codec.H264).order_by("-height").first()
    return Size(best.picture_width, best.picture_height) if best else Size(0, 0)


def _fits(size: Size, kind: str) -> bool:
    rule = pictures.RULES[kind]
    left = pictures.crop(size, rule.shape, MIDDLE).size
    return left.width >= rule.least.width and left.height >= rule.least.height
