"""Pictures of titles, seasons, episodes, people and collections: one panel for all of them."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.catalog import pictures
from apps.catalog.models import Artwork, Collection, Episode, Person, Season, Title
from apps.catalog.services import artworks, frames
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import DomainError
from apps.workflow.services import moving

from .inplace import part
from .refusals import person, told

KINDS: dict[type[models.Model], tuple[str, ...]] = {
    Title: ("poster", "backdrop", "logo", "still", "banner"),
    Season: ("poster", "backdrop", "banner"),
    Episode: ("still",),
    Person: ("portrait",),
    Collection: ("poster", "backdrop", "banner"),
}
OWNERS = {str(model._meta.model_name): model for model in KINDS}
LONGEST_NUMBER = 4
LANGUAGES = [("", "every language"), *settings.LANGUAGES]


class UploadForm(forms.Form):
    file = forms.FileField(label="Picture", widget=UnfoldAdminFileFieldWidget)
    kind = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    language = forms.ChoiceField(choices=LANGUAGES, required=False, widget=UnfoldAdminSelectWidget)
    alt = forms.CharField(
        label="Description", required=False, max_length=200, widget=UnfoldAdminTextInputWidget,
        help_text="For people who cannot see it.",
    )  # fmt: skip

    def __init__(self, *args: Any, owner: models.Model, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"prefix": "picture"})
        labels = dict(Artwork.Kind.choices)
        self.fields["kind"].choices = [(one, labels[one]) for one in KINDS[type(owner)]]  # type: ignore[attr-defined]


class PictureForm(forms.Form):
    """What is said of a picture, and the point that must stay in view."""

    language = forms.ChoiceField(choices=LANGUAGES, required=False, widget=UnfoldAdminSelectWidget)
    alt = forms.CharField(
        label="Description", required=False, max_length=200, widget=UnfoldAdminTextInputWidget
    )
    focal_x = forms.FloatField(min_value=0, max_value=1, widget=forms.HiddenInput)
    focal_y = forms.FloatField(min_value=0, max_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, artwork: Artwork, **kwargs: Any) -> None:
        initial = {name: getattr(artwork, name) for name in ("language", "alt", "focal_x", "focal_y")}
        super().__init__(*args, **kwargs | {"initial": initial, "prefix": f"picture-{artwork.pk}"})


def panel_of(
    owner: Any, request: HttpRequest, form: UploadForm | None = None, error: str = ""
) -> dict[str, Any]:
    """For `templates/admin/catalog/artwork/panel.html`."""
    title = artworks.title_of(owner)
    name = str(owner._meta.model_name)
    asset, kinds = frames.offered(owner)
    may = moving.may(person(request), Title if title else type(owner), "change")
    kept = list(owner.artworks.filter(dropped=False))
    return {
        "may": may and (title is None or title.is_editable),
        "url": reverse("admin:catalog_artwork_panel", args=[name, owner.pk]),
        "frame_url": reverse("admin:catalog_artwork_frame", args=[name, owner.pk]),
        "form": form or UploadForm(owner=owner),
        "error": error,
        "revision": title.revision if title else None,
        "film": asset,
        "frames": range(len(asset.stills)) if asset and kinds else (),
        "frame_kinds": [(kind.value, kind.label) for kind in kinds],
        "unready": any(one.state == Artwork.State.UPLOADED for one in kept),
        "pictures": [
            {
                "artwork": one,
                "thumb": shown(one, 320),
                "large": shown(one, 1280),
                "form": PictureForm(artwork=one),
            }
            for one in kept
        ],
    }  # fmt: skip


def shown(artwork: Artwork, width: int) -> str | None:
    """The address of the WebP that is as wide, or the nearest to it."""
    widths = [one["width"] for one in artwork.variants if one["format"] == "webp"]
    nearest = min(widths, key=lambda one: abs(one - width), default=None)
    return pictures.address(artwork.public_id, nearest, "webp") if nearest else None


@admin.register(Artwork)
class ArtworkAdmin(ReadOnlyAdmin):
    list_display = ("picture", "of", "kind", "language", "state", "created_at")
    list_filter = ("state", "kind")

    def get_urls(self) -> Any:
        wrap = self.admin_site.admin_view
        return [
            path("of/<slug:kind>/<int:pk>/", wrap(self.panel_view), name="catalog_artwork_panel"),
            path(
                "of/<slug:kind>/<int:pk>/frame/",
                wrap(require_POST(self.frame_view)),
                name="catalog_artwork_frame",
            ),
            path("<int:pk>/edit/", wrap(require_POST(self.edit_view)), name="catalog_artwork_edit"),
            path("<int:pk>/drop/", wrap(require_POST(self.drop_view)), name="catalog_artwork_drop"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Artwork]:
        owners = ("title", "season__title", "episode__season__title", "person", "collection")
        return super().get_queryset(request).select_related(*owners)

    @display(description="")
    def picture(self, artwork: Artwork) -> Any:
        return thumb(artwork)

    @display(description="of")
    def of(self, artwork: Artwork) -> str:
        owner = artworks.owner_of(artwork)
        title = artworks.title_of(owner)
        return str(owner) if title in (None, owner) else f"{title}: {owner}"

    # --- The panel ---

    def panel_view(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        """GET: the panel as it is now. POST: another picture."""
        owner = _owner(kind, pk)
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._panel(request, owner)
        form = UploadForm(request.POST, request.FILES, owner=owner)
        if not form.is_valid():
            return self._panel(request, owner, form)
        given = {name: form.cleaned_data[name] for name in ("kind", "language", "alt", "file")}
        return self._try(request, owner, lambda: artworks.add(owner, by=person(request), **given), form)

    def frame_view(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        """A frame of the film becomes a picture: `frame`, its number, and `kind`."""
        owner = _owner(kind, pk)
        if not self.has_view_permission(request):
            raise PermissionDenied
        number = request.POST.get("frame", "")
        chosen = int(number) if number.isdecimal() and len(number) <= LONGEST_NUMBER else -1
        wanted = request.POST.get("kind", "")
        return self._try(request, owner, lambda: frames.take(owner, chosen, kind=wanted, by=person(request)))

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        artwork = self._artwork(request, pk)
        form = PictureForm(request.POST, artwork=artwork)
        owner = artworks.owner_of(artwork)
        if not form.is_valid():
            return self._panel(request, owner, error="The focal point or the language is not valid.")
        told_ = form.cleaned_data
        focal = (told_["focal_x"], told_["focal_y"])
        return self._try(request, owner, lambda: artworks.change(
            artwork, by=person(request), language=told_["language"], alt=told_["alt"], focal=focal
        ))  # fmt: skip

    def drop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        artwork = self._artwork(request, pk)
        owner = artworks.owner_of(artwork)
        return self._try(request, owner, lambda: artworks.drop(artwork, by=person(request)))

    def _artwork(self, request: HttpRequest, pk: int) -> Artwork:
        found = self.get_queryset(request).filter(pk=pk, dropped=False).first()
        if found is None:
            raise Http404
        return found

    def _try(
        self, request: HttpRequest, owner: Any, deed: Any, form: UploadForm | None = None
    ) -> HttpResponse:
        """The deed on what the editor saw; their page goes on with the revision that it makes."""
        title = artworks.title_of(owner)
        seen = request.POST.get("revision", "")
        try:
            with transaction.atomic():
                if title is not None and seen.isdecimal():
                    moving.refuse_stale(moving.locked(title), int(seen))
                deed()
        except DomainError as refusal:
            return self._panel(request, owner, form, told(refusal))
        return self._panel(request, type(owner)._default_manager.get(pk=owner.pk))

    def _panel(
        self, request: HttpRequest, owner: Any, form: UploadForm | None = None, error: str = ""
    ) -> HttpResponse:
        name = owner._meta.model_name
        back = reverse(f"admin:catalog_{name}_change", args=[owner.pk]) + "#tab-artwork"
        context = {"artwork": panel_of(owner, request, form, error)}
        return part(request, "admin/catalog/artwork/panel.html", context, back=back)


def thumb(artwork: Artwork | None) -> Any:
    url = pictures.thumbnail(artwork) if artwork else None
    if url is None:
        return format_html('<span class="nr-thumb {}"></span>', "nr-thumb-none")
    return format_html('<img class="nr-thumb" src="{}" alt="" width="40" height="60" loading="lazy">', url)


def _owner(kind: str, pk: int) -> Any:
    model = OWNERS.get(kind)
    owner = model._default_manager.filter(pk=pk).first() if model else None
    if owner is None:
        raise Http404
    return owner
