"""Pictures at the desk: adding, changing and dropping them, having them prepared, and who may see them."""

import hashlib
import math
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.catalog import containers, darkroom, pictures
from apps.catalog.models import Artwork, Collection, Episode, Person, Season, Title
from apps.catalog.models.artwork import OWNERS
from apps.catalog.pictures import Facts
from apps.core.errors import DomainError, InvalidField
from apps.core.jobs import enqueue
from apps.workflow.services.editing import editing

Owner = Title | Season | Episode | Person | Collection
Point = tuple[float, float]
State = Artwork.State
LANGUAGES = {"", *dict(settings.LANGUAGES)}
LONGEST_ALT = 200
FOLDER = "artwork"


class NoSuchArtwork(DomainError):
    code = "not_found"
    status = 404
    detail = "This picture is not at the desk any more."


# --- At the desk -------------------------------------------------------------------------------------


def add(  # noqa: PLR0913 what there is to say of a picture
    owner: Owner, *, kind: str, file: "File[bytes]", by: User, language: str = "", alt: str = "",
    focal: Point = (0.5, 0.5),
) -> Artwork:  # fmt: skip
    """A picture for the owner's desk; the worker makes its variants. The same picture again is the same
    artwork.

    Raises `InvalidField` (path `file`: too_large, unsupported_picture, damaged_picture, animated_picture,
    too_many_pixels, too_small, wrong_shape), PermissionDenied, and for titles what `editing` raises; then
    nothing is stored.
    """
    _judge(kind=kind, language=language, alt=alt, focal=focal)
    _demand(owner, by)
    data, facts = _accepted(file, kind)
    sha256 = hashlib.sha256(data).hexdigest()
    here = Artwork.objects.filter(owned_by(owner), kind=kind, language=language, sha256=sha256)
    found: Artwork | None = here.filter(dropped=False).first()
    if found and found.state != State.FAILED:
        return found
    with ExitStack() as undo:
        with _desk(owner, by):
            made = _row_of(here.select_for_update(), focal) or Artwork(
                **{str(owner._meta.model_name): owner}, kind=kind, language=language, sha256=sha256,
                width=facts.size.width, height=facts.size.height, focal_x=focal[0], focal_y=focal[1],
            )  # fmt: skip
            if made.dropped or made.pk is None:
                made.alt = alt
            if made.pk is None or not default_storage.exists(str(made.original.name)):
                made.original.name = _stored(data, facts)
                undo.callback(default_storage.delete, made.original.name)
            _put_out(made)
        undo.pop_all()
    return made


def _row_of(rows: QuerySet[Artwork], focal: Point) -> Artwork | None:
    """The one at the desk, or else one that was there with that focal point."""
    return rows.filter(dropped=False).first() or rows.filter(focal_x=focal[0], focal_y=focal[1]).first()


def change(
    artwork: Artwork, *, by: User, language: str | None = None, focal: Point | None = None,
    alt: str | None = None,
) -> Artwork:  # fmt: skip
    """Change what is said of a picture, or what must stay in view; the artwork that is at the desk then.

    With another focal point it is another artwork, for what versions show must not change.
    """
    language = artwork.language if language is None else language
    focal = (artwork.focal_x, artwork.focal_y) if focal is None else focal
    alt = artwork.alt if alt is None else alt
    _judge(kind=artwork.kind, language=language, alt=alt, focal=focal)
    if (language, *focal, alt) == (artwork.language, artwork.focal_x, artwork.focal_y, artwork.alt):
        return artwork
    with _desk(owner_of(artwork), by):
        artwork = _at_desk(artwork)
        changed = _with_focal(artwork, focal)
        changed.language, changed.alt = language, alt
        _put_out(changed)
    return changed


def drop(artwork: Artwork, *, by: User) -> None:
    """Take it off the desk. Its files stay for the versions that show it."""
    if artwork.dropped:
        return
    with _desk(owner_of(artwork), by):
        _take_off(_at_desk(artwork))
    artwork.dropped = True


def _at_desk(artwork: Artwork) -> Artwork:
    """As it is by now; the worker waits too."""
    found: Artwork | None = Artwork.objects.select_for_update().filter(pk=artwork.pk, dropped=False).first()
    if found is None:
        raise NoSuchArtwork
    return found


def _take_off(artwork: Artwork) -> None:
    artwork.dropped = True
    artwork.save(update_fields=["dropped", "updated_at"])


def _put_out(artwork: Artwork) -> None:
    """Have it at the desk, and prepared if it is not yet."""
    artwork.dropped = False
    if artwork.state == State.FAILED:
        artwork.state, artwork.failure = State.UPLOADED, ""
    artwork.save()
    if artwork.state != State.READY:
        enqueue("apps.catalog.tasks.prepare_artwork", artwork_id=str(artwork.public_id))


def _with_focal(artwork: Artwork, focal: Point) -> Artwork:
    """The artwork itself, or in its place one of the same picture with that focal point."""
    if focal == (artwork.focal_x, artwork.focal_y):
        return artwork
    _take_off(artwork)
    same = {name: getattr(artwork, name) for name in ("kind", "sha256")}
    former = Artwork.objects.select_for_update().filter(
        owned_by(owner_of(artwork)), focal_x=focal[0], focal_y=focal[1], dropped=True, **same
    )
    same |= {name: getattr(artwork, name) for name in (*OWNERS, "original", "width", "height")}
    return former.first() or Artwork(**same, focal_x=focal[0], focal_y=focal[1])


def owned_by(owner: Owner) -> Q:
    return Q((str(owner._meta.model_name), owner))


def owner_of(artwork: Artwork) -> Owner:
    owner = artwork.title or artwork.season or artwork.episode or artwork.person or artwork.collection
    assert owner is not None  # noqa: S101 a constraint of the table
    return owner


def title_of(owner: Owner) -> Title | None:
    """The title whose working copy the owner is part of; people and collections have none."""
    if isinstance(owner, Episode):
        owner = owner.season
    return owner.title if isinstance(owner, Season) else owner if isinstance(owner, Title) else None


def _judge(*, kind: str, language: str, alt: str, focal: Point) -> None:
    if kind not in pictures.RULES:
        raise InvalidField("kind", "invalid_choice", f"A picture is one of {', '.join(pictures.RULES)}.")
    if language not in LANGUAGES:
        raise InvalidField("language", "invalid_choice", "This is no language of the site.")
    if len(alt) > LONGEST_ALT or "\0" in alt:
        raise InvalidField("alt", "max_length", f"At most {LONGEST_ALT} characters, of text.")
    if not all(math.isfinite(part) and 0 <= part <= 1 for part in focal):
        raise InvalidField("focal", "out_of_range", "The focal point is within 0 and 1, both ways.")


def _demand(owner: Owner, by: User) -> None:
    """Also before the file is looked at, so that nobody else keeps us busy."""
    name = "title" if title_of(owner) else owner._meta.model_name
    if not by.has_perm(f"catalog.change_{name}"):
        raise PermissionDenied(f"You may not change this {name}.")


@contextmanager
def _desk(owner: Owner, by: User) -> Iterator[None]:
    """A transaction in which nobody else changes the owner's pictures."""
    if title := title_of(owner):
        with editing(title, by=by):
            yield
        return
    _demand(owner, by)
    with transaction.atomic():
        type(owner)._default_manager.select_for_update().get(pk=owner.pk)
        yield


def _accepted(file: "File[bytes]", kind: str) -> tuple[bytes, Facts]:
    """The picture alone, without what hangs behind it, and what it declares. Raises `InvalidField`."""
    if file.size > pictures.MOST_BYTES:
        most = pictures.MOST_BYTES // 1_000_000
        raise InvalidField("file", "too_large", f"A picture has at most {most} MB.")
    file.seek(0)
    data = file.read()
    format_ = containers.format_of(data)
    if format_ is None:
        raise InvalidField("file", "unsupported_picture", "Only JPEG, PNG, WebP and AVIF pictures are taken.")
    try:
        data = containers.whole(data, format_)
        facts = darkroom.look(data, format_)
    except darkroom.Bomb as error:
        raise InvalidField("file", "too_many_pixels", pictures.TOO_MANY) from error
    except (containers.Cut, darkroom.Spoilt) as error:
        detail = "This picture is cut short or damaged. Export it again and upload the new file."
        raise InvalidField("file", "damaged_picture", detail) from error
    if not (decision := pictures.judge(facts, kind)):
        raise InvalidField("file", decision.code, decision.detail)
    return data, facts


def _stored(data: bytes, facts: Facts) -> str:
    name = f"{FOLDER}/originals/{uuid4().hex}.{facts.format.lower()}"
    return default_storage.save(name, ContentFile(data))


# --- In the background -------------------------------------------------------------------------------


def prepare(artwork: Artwork) -> None:
    """Make the variants of the original. Bears being repeated, and being cut off at any point.

    An original that cannot be read is `failed` with a sentence for the editor; a storage that does not
    answer raises, to be tried again.
    """
    if artwork.state == State.READY:
        return
    rule, focal = pictures.RULES[artwork.kind], (artwork.focal_x, artwork.focal_y)
    try:
        with default_storage.open(str(artwork.original.name)) as file:
            data = file.read()
        developed = darkroom.develop(data, rule, focal)
    except FileNotFoundError:
        _fail([artwork.pk], "The uploaded file is gone. Upload it again.")
    except darkroom.Spoilt as error:
        _fail([artwork.pk], str(error))
    else:
        variants = darkroom.keep(developed, f"{FOLDER}/{artwork.public_id}")
        Artwork.objects.filter(pk=artwork.pk).update(
            state=State.READY, variants=variants, blurhash=developed.blurhash, failure=""
        )


def give_up(*, before: datetime) -> int:
    """Say so of pictures that nobody prepared since they came, before that time; how many these are."""
    late = Artwork.objects.filter(state=State.UPLOADED, updated_at__lt=before)
    return _fail(late.values("pk"), "This picture could not be prepared. Upload it again.")


def _fail(pks: Any, because: str) -> int:
    unready = Artwork.objects.filter(pk__in=pks).exclude(state=State.READY)
    return unready.update(state=State.FAILED, failure=because)


# --- Who may see them --------------------------------------------------------------------------------


def mark_public(artworks: Iterable[UUID | str]) -> None:
    """A version that goes live shows these (by public id). It is never taken back: versions stay."""
    Artwork.objects.filter(public_id__in=list(artworks), public=False).update(public=True)


def is_public(artwork: Artwork) -> bool:
    """Whether anybody may see it: it is a person's, a published collection's, or was published with a title
    that is live."""
    owner = owner_of(artwork)
    if isinstance(owner, Collection):
        return owner.published
    title = title_of(owner)
    return title is None or (artwork.public and title.is_live)


def preview_query(artwork: Artwork, expires: datetime) -> str:
    """The query that shows a picture of the desk to whoever has it, until then (exclusive)."""
    ends = int(expires.timestamp())
    return f"preview={ends}.{_signer().signature(f'{artwork.public_id}.{ends}')}"


def _signer() -> Signer:
    return Signer(salt="catalog.artwork.preview")


def may_preview(artwork: Artwork, preview: str, *, at: datetime) -> bool:
    """Whether `preview`, of a query, is ours, for this picture, and not over."""
    ends, _, signature = preview.partition(".")
    try:
        _signer().unsign(f"{artwork.public_id}.{ends}:{signature}")
    except BadSignature:
        return False
    return at.timestamp() < int(ends)
