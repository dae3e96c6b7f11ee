"""Titles in the newsroom: the list, the page, and how it is saved."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.admin import StackedInline
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.catalog.models import Descriptor, Kind, Title, TitleText
from apps.catalog.services import desk
from apps.workflow.services import moving

from .artwork import panel_of
from .forms import RowForm
from .refusals import person
from .room import DANGER, planning_of, room_of, tabs_of
from .rows import (
    CreditInline,
    EventInline,
    ExternalIdInline,
    ExtraInline,
    LabelledRows,
    SegmentInline,
    WindowInline,
)
from .seasons_episodes import SeasonInline
from .talk import talk_of
from .title_list import TitleList
from .working_copy import CopyForm


class TitleForm(CopyForm):
    descriptors = forms.MultipleChoiceField(
        choices=Descriptor.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label="Content descriptors",
        help_text=Title._meta.get_field("descriptors").help_text,
    )

    class Meta:
        model = Title
        fields = ("name",)
        labels: ClassVar = {"slug": "Address"}


class TextForm(RowForm):
    @property
    def language_code(self) -> str:
        return str(self.instance.language or self.initial.get("language", ""))

    @property
    def language_label(self) -> str:
        return dict(settings.LANGUAGES).get(self.language_code, self.language_code)


class TextFormSet(forms.BaseInlineFormSet):
    """One form for every language of the site, whether or not there is a text yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        title = kwargs.get("instance")
        there = {one.language for one in title.texts.all()} if title is not None and title.pk else set()
        missing = [code for code, _ in settings.LANGUAGES if code not in there]
        kwargs["initial"] = [{"language": code} for code in missing]
        self.extra = len(missing)
        super().__init__(*args, **kwargs)


class TextInline(LabelledRows, StackedInline):
    model = TitleText
    form = TextForm
    formset = TextFormSet
    fields = ("language", "name", "tagline", "synopsis", "advice")
    can_delete = False
    template = "admin/catalog/title/texts.html"
    hint = "What viewers read. What is empty in one language is shown in the default language."
    verbose_name_plural = "Texts"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "language":
            kwargs["widget"] = forms.HiddenInput
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Title)
class TitleAdmin(TitleList):
    form = TitleForm
    change_form_template = "admin/catalog/title/change_form.html"
    autocomplete_fields = ("asset", "genres", "tags")
    add_fieldsets = (
        (None, {
            "fields": ("kind", "name", "original_language", "released_on"),
            "description": "Only what makes it a title; texts, artwork and rights come on the next page.",
        }),
    )  # fmt: skip
    fieldsets: ClassVar = (
        (None, {"fields": ("name", "slug", "original_language", "released_on", "asset")}),
        ("What it is", {"fields": ("genres", "tags", "announced")}),
        ("Who may watch it", {"fields": ("maturity", "descriptors")}),
    )
    always: ClassVar = (TextInline, CreditInline, WindowInline, SegmentInline, ExtraInline, ExternalIdInline)

    def title_of(self, obj: Title) -> Title:
        return obj

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ()
        own = {Kind.SERIES: (SeasonInline,), Kind.SPORT: (EventInline,)}.get(obj.kind, ())
        inlines = tuple(one for one in self.always if one is not SegmentInline or obj.kind != Kind.SERIES)
        return (*own, *inlines)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None or obj.kind != Kind.SERIES:
            return super().get_fieldsets(request, obj)
        first, *others = self.fieldsets
        names = tuple(name for name in first[1]["fields"] if name != "asset")
        return ((first[0], {"fields": names}), *others)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        title = context.get("original")
        if title is not None:
            user = person(request)
            context["comments"] = talk_of(title, user)
            # After a refusal the form's title carries the input; what stands around it is what is stored.
            room = room_of(self.seen_title(request, title.pk), user)
            room.tabs = tabs_of(context, title)
            context |= {
                "room": room, "danger": DANGER, "planning": planning_of(title, user),
                "artwork": panel_of(title, request),
            }  # fmt: skip
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Saving ---

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        if change:
            super().save_related(request, form, formsets, change)
            return
        fields = {name: form.cleaned_data[name] for name in form.cleaned_data if name != "revision"}
        made = desk.create(by=person(request), **fields)
        form.instance.pk = made.pk
        form.instance.refresh_from_db()

    def store(self, request: HttpRequest, title: Title, form: Any) -> None:
        if "slug" in form.changed_data:
            desk.readdress(title, form.cleaned_data["slug"])
            form.instance.slug = title.slug
            form.changed_data.remove("slug")
        super().store(request, title, form)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return moving.may(person(request), Title, "delete")

    def delete_model(self, request: HttpRequest, obj: Title) -> None:
        desk.delete(obj, by=person(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What refers to it is told before anything is tried."""
        uses = [use for title in objs for use in desk.where_used(title)]
        parts = "with its texts, credits, artwork, windows and everything under it"
        return [f"{title}, {parts}" for title in objs], {}, set(), uses

    def response_add(
        self, request: HttpRequest, obj: Title, post_url_continue: str | None = None
    ) -> HttpResponse:
        given = request.POST.copy()
        given["_continue"] = "1"
        request.POST = given  # type: ignore[assignment]
        return super().response_add(request, obj, post_url_continue)
