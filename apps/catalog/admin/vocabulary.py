"""Genres, tags, teams and collections: words and lists that titles share."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.catalog.models import Genre, Person, Tag, Team, Title
from apps.catalog.services import desk, shared

from .artwork import KINDS, panel_of
from .forms import PlainTextarea
from .refusals import RefusableForm, person
from .talk import TalkAdmin

SHOWN = 30


class SharedForm(RefusableForm):
    """With a field for every text in every language: `name_en`, `name_hi`, `biography_en` …

    `texts` names the relation that holds them and `text_fields` its columns.
    """

    texts: ClassVar[str] = ""
    text_fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.text_fields:
            for language, label in settings.LANGUAGES:
                self._add_text(name, language, label)

    def _add_text(self, name: str, language: str, label: str) -> None:
        key = f"{name}_{language}"
        field = self.declared(name).formfield(required=False, label=f"{name.capitalize()} ({label})")
        long = isinstance(self.declared(name), models.TextField)
        field.widget = PlainTextarea({"rows": 5}) if long else UnfoldAdminTextInputWidget()
        self.fields[key] = field
        self.initial.setdefault(key, self._stored.get(language, {}).get(name, ""))

    @classmethod
    def declared(cls, name: str) -> Any:
        related: Any = cls._meta.model._meta.get_field(cls.texts).related_model
        return related._meta.get_field(name)

    @property
    def _stored(self) -> dict[str, dict[str, str]]:
        if not hasattr(self, "_texts"):
            rows = (
                getattr(self.instance, self.texts).values("language", *self.text_fields)
                if self.instance.pk
                else []
            )
            self._texts = {row["language"]: row for row in rows}
        return self._texts

    @classmethod
    def text_keys(cls) -> list[tuple[str, ...]]:
        """For fieldsets: one line per field, its languages side by side."""
        return [tuple(f"{name}_{code}" for code, _ in settings.LANGUAGES) for name in cls.text_fields]

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Fields that are not of the model, for the template: `{heading, help, fields}`."""
        fields = [self[key] for line in self.text_keys() for key in line]
        return [{"heading": "In every language", "help": "", "fields": fields}] if fields else []

    def given_texts(self) -> dict[str, Any]:
        """`{language: {field: text}}` of the languages with any text; None drops the others."""
        given: dict[str, Any] = {}
        for language, _ in settings.LANGUAGES:
            fields = {name: self.cleaned_data[f"{name}_{language}"] for name in self.text_fields}
            given[language] = fields if any(fields.values()) else None
        return given


class SharedAdmin(TalkAdmin):
    """Of what titles share; `apps.catalog.services.shared` writes it."""

    own: ClassVar[tuple[str, ...]] = ()
    change_form_template = "admin/catalog/shared_change_form.html"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        # The fields of the texts are made by the form; Django would look for them in the model.
        return [(None, {"fields": self.own})]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        form, thing = context["adminform"].form, context.get("original")
        context["groups"] = form.groups
        if thing is not None:
            context["uses"] = titles_with(thing)
            context["artwork"] = panel_of(thing, request) if type(thing) in KINDS else None
        return super().render_change_form(request, context, *args, **kwargs)

    def fields_of(self, form: Any) -> dict[str, Any]:
        fields = {name: form.cleaned_data[name] for name in self.own if name in form.cleaned_data}
        if form.text_fields:
            fields[form.texts] = form.given_texts()
        return fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            stored = type(obj)._default_manager.get(pk=obj.pk)
            shared.change(stored, by=person(request), **self.fields_of(form))
        else:
            made: Any = shared.add(type(obj), by=person(request), **self.fields_of(form))
            obj.pk = made.pk
            obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        shared.drop(obj, by=person(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What refers to it is told before anything is tried."""
        uses = [use for obj in objs for use in desk.where_used(obj)]
        missing = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return [str(obj) for obj in objs], {}, missing, uses


def titles_with(thing: Any) -> list[Title]:
    """Some titles that it is in, the last changed first."""
    paths = {
        Genre: Q(genres=thing.pk), Tag: Q(tags=thing.pk), Team: Q(event__contestants__team=thing.pk),
        Person: Q(credits__person=thing.pk) | Q(seasons__episodes__credits__person=thing.pk),
    }  # fmt: skip
    if type(thing) not in paths:
        return []
    found = Title.objects.filter(paths[type(thing)]).order_by().values("pk")
    return list(Title.objects.filter(pk__in=found).order_by("-updated_at")[:SHOWN])


class GenreForm(SharedForm):
    texts = "names"
    text_fields = ("name",)

    def given_texts(self) -> dict[str, Any]:
        return {code: fields and fields["name"] for code, fields in super().given_texts().items()}


@admin.register(Genre)
class GenreAdmin(SharedAdmin):
    form = GenreForm
    own = ("name", "slug")
    list_display = ("name", "slug", "title_count")
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Genre]:
        return super().get_queryset(request).annotate(title_total=Count("titles"))

    @display(description="titles", ordering="title_total")
    def title_count(self, genre: Any) -> int:
        return int(genre.title_total)


@admin.register(Tag)
class TagAdmin(SharedAdmin):
    form = SharedForm
    own = ("name", "slug")
    list_display = ("name", "slug")
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name",)}


@admin.register(Team)
class TeamAdmin(SharedAdmin):
    form = SharedForm
    own = ("name", "short_name", "slug")
    list_display = ("name", "short_name", "slug")
    search_fields = ("name", "short_name", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
