"""The working copies: making, readdressing and dropping titles, people and what they share."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.text import slugify

from apps.accounts.models import User
from apps.catalog.models import Collection, FormerSlug, Genre, Person, Tag, Team, Title
from apps.core.errors import DomainError, InvalidField
from apps.media.models import Asset
from apps.workflow.services import moving
from apps.workflow.services.editing import refuse_locked

from .promises import Gone, kept

Addressed = Title | Person | Collection
LONGEST_SLUG = 120


class InUse(DomainError):
    """It cannot go while others need it; `uses` says who."""

    code = "in_use"
    status = 409

    def __init__(self, uses: list[str]) -> None:
        shown = ", ".join(uses[:5]) + (f" and {len(uses) - 5} more" if len(uses) > 5 else "")
        super().__init__(f"It is in use: {shown}.", extra={"uses": uses[:100]})
        self.uses = uses


class WasPublished(DomainError):
    """What viewers have had stays on record."""

    code = "was_published"
    status = 409
    detail = "It has been published, so it stays on record. Archive it instead."


def create(*, by: User, **fields: Any) -> Title:
    """A new draft, of which `by` is an author. `slug` is made of the name if left out."""
    moving.demand(by, Title, "add")
    with transaction.atomic():
        title = Title(**fields)
        title.slug = fields.get("slug") or free_slug(Title, title.name)
        refuse_taken(title, title.slug)
        title.save(force_insert=True)
        title.authors.add(by)
    return title


def free_slug(model: type[Addressed], name: str) -> str:
    """An address made of the name that nothing of this model has or had.

    Names without Latin letters get the model's name and a number.
    """
    base = slugify(name)[: LONGEST_SLUG - 8].strip("-") or model._meta.model_name or "x"
    taken = _taken(model, base)
    number = 2
    slug = base
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def _taken(model: type[Addressed], base: str) -> set[str]:
    manager: models.Manager[Any] = model._default_manager
    former = FormerSlug.objects.filter(slug__startswith=base, **{f"{model._meta.model_name}__isnull": False})
    present = manager.filter(slug__startswith=base)
    return set(present.values_list("slug", flat=True)) | set(former.values_list("slug", flat=True))


def readdress(thing: Addressed, slug: str) -> None:
    """Give it another slug; the former one leads here from now on. Only within `editing`, for titles: what
    is live of one keeps its address until this is published.

    Raises `InvalidField` where another one has or had that address.
    """
    model = type(thing)
    before = model._default_manager.values_list("slug", flat=True).get(pk=thing.pk)
    slug = slug or free_slug(model, thing.name)
    if slug == before:
        return
    refuse_taken(thing, slug)
    owner = {str(model._meta.model_name): thing}
    FormerSlug.objects.filter(slug=slug, **owner).delete()
    FormerSlug.objects.create(slug=before, **owner)
    thing.slug = slug
    thing.save(update_fields=["slug"])


def refuse_taken(thing: Addressed, slug: str) -> None:
    model, name = type(thing), str(thing._meta.model_name)
    former = FormerSlug.objects.filter(slug=slug, **{f"{name}__isnull": False})
    others = model._default_manager.filter(slug=slug).exclude(pk=thing.pk)
    if others.exists() or former.exclude(**{name: thing.pk}).exists():
        raise InvalidField("slug", "unique", "Another one has, or had, this address.")


def where_used(thing: models.Model) -> list[str]:
    """What refers to it and would lose it, for people: "Sintel (title)"."""
    uses = []
    for relation in thing._meta.related_objects:
        if relation.on_delete not in (models.PROTECT, models.CASCADE) or _belongs(relation):
            continue
        for row in relation.related_model._default_manager.filter(**{relation.field.name: thing})[:100]:
            owner = _owner(row)
            uses.append(f"{owner} ({owner._meta.verbose_name})")
    for field in thing._meta.related_objects:
        if field.many_to_many and field.related_model is Title:
            uses += [f"{one} (title)" for one in getattr(thing, field.get_accessor_name() or "").all()[:100]]
    uses += [f"{one} (title, as it is live)" for one in _live_with(thing)[:100]]
    return list(dict.fromkeys(uses))


def _live_with(thing: models.Model) -> models.QuerySet[Title]:
    """Titles whose live version shows it, whatever the draft says: discarding that has to remain possible."""
    if isinstance(thing, Person):
        return Title.objects.filter(listing__people__contains=[thing.public_id])
    if isinstance(thing, Genre):
        return Title.objects.filter(listing__genres__contains=[thing.slug])
    if isinstance(thing, Tag):
        return Title.objects.filter(listing__tags__contains=[thing.slug])
    told: list[dict[str, Any]] = []
    if isinstance(thing, Team):
        told = [{"event": {"contestants": [thing.slug]}}]
    if isinstance(thing, Asset):
        video = {"asset": str(thing.public_id)}
        told = [video, {"extras": [video]}, {"seasons": [{"episodes": [video]}]}]
    said = models.Q(pk__in=[])
    for one in told:
        said |= models.Q(live_version__source__contains=one)
    return Title.objects.filter(said)


def _belongs(relation: Any) -> bool:
    """Rows that are part of the thing itself, and go with it."""
    own = {"texts", "names", "former_slugs", "artworks", "seasons", "extras", "windows", "segments", "event",
           "external_ids", "contestants", "listing", "versions", "items", "renditions", "audio_tracks",
           "subtitle_tracks"}  # fmt: skip
    return relation.related_name in own or (
        relation.related_name in {"credits"} and relation.model is not Person
    )


def _owner(row: models.Model) -> models.Model:
    """Whose row it is: a credit is its title's, an episode its own."""
    for name in ("title", "release", "collection", "event", "episode"):
        owner = getattr(row, name, None)
        if isinstance(owner, models.Model):
            return _owner(owner) if name == "event" else owner
    return row


def delete(title: Title, *, by: User) -> None:
    """Drop a draft that was never published, with all that belongs to it. Raises `WasPublished`, `InUse`."""
    moving.demand(by, title, "delete")
    with kept():
        title = moving.locked(title)
        refuse_locked(title)
        if title.versions.exists():
            raise WasPublished
        if uses := where_used(title):
            raise InUse(uses)
        title.delete()


def delete_shared(thing: models.Model, *, by: User) -> None:
    """Drop a person, genre, tag, team, collection or asset that nothing uses. Raises `InUse`."""
    meta = thing._meta
    if not by.has_perm(f"{meta.app_label}.delete_{meta.model_name}"):
        raise PermissionDenied
    with kept():
        # Whoever begins to use it waits, and finds it gone.
        if not type(thing)._default_manager.select_for_update().filter(pk=thing.pk).exists():
            raise Gone
        if uses := where_used(thing):
            raise InUse(uses)
        thing.delete()
