"""Collections: ordered by hand, or by a rule that is put together from fields."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from apps.accounts.maturity import Maturity
from apps.catalog import rules
from apps.catalog.models import Collection, CollectionItem, Genre, Kind, Tag, Tier
from apps.catalog.services import shared
from apps.catalog.shelf import ORDERS

from .forms import RowForm, label_choices
from .refusals import person
from .rows import LabelledRows
from .vocabulary import SharedAdmin, SharedForm

RULE = "rule_"


def _many(label: str, choices: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, choices=choices, widget=UnfoldAdminSelect2MultipleWidget
    )


def _one(label: str, choices: Any, **options: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, required=False, choices=[("", "any"), *choices], widget=UnfoldAdminSelectWidget,
        empty_value=None, **options,
    )  # fmt: skip


def _number(label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, widget=UnfoldAdminIntegerFieldWidget)


class CollectionForm(SharedForm):
    texts = "texts"
    text_fields = ("name", "synopsis")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = self.instance.rule or {}
        parts: dict[str, forms.Field] = {
            "genres": _many("Genres, any of", Genre.objects.values_list("slug", "name")),
            "tags": _many("Tags, any of", Tag.objects.values_list("slug", "name")),
            "kinds": _many("Kinds", Kind.choices),
            "languages": forms.CharField(
                label="Languages of the sound", required=False,
                widget=UnfoldAdminTextInputWidget({"placeholder": "en, hi"}),
            ),
            "min_year": _number("From the year"),
            "max_year": _number("Up to the year"),
            "max_rating": _one("Rated at most", Maturity.choices, coerce=int),
            "tier": _one("Tier", [(tier.label, tier.label) for tier in Tier]),
            "order": _one("Order", [(name, name) for name in ORDERS]),
            "limit": _number("At most so many"),
        }  # fmt: skip
        for name, field in parts.items():
            self.fields[RULE + name] = field
            stored = rule.get(name)
            self.initial[RULE + name] = ", ".join(stored or []) if name == "languages" else stored

    @property
    def groups(self) -> list[dict[str, Any]]:
        told = (
            "Used when “filled by rule” is on, and then instead of the titles below. What is left empty does "
            "not matter; the rest must all fit."
        )
        fields = [self[name] for name in self.fields if name.startswith(RULE)]
        return [*super().groups, {"heading": "The rule", "help": told, "fields": fields}]

    def clean(self) -> dict[str, Any] | None:
        super().clean()
        given = {
            name.removeprefix(RULE): value
            for name, value in self.cleaned_data.items()
            if name.startswith(RULE)
        }
        given["languages"] = [one.strip() for one in (given.get("languages") or "").split(",") if one.strip()]
        rule = {name: value for name, value in given.items() if value not in (None, "", [])}
        self.cleaned_data["rule"] = rule
        if self.cleaned_data.get("by_rule"):
            self._judge(rule)
        return self.cleaned_data

    def _judge(self, rule: dict[str, Any]) -> None:
        try:
            rules.check(rule)
        except rules.InvalidRule as refusal:
            for error in refusal.extra["errors"]:
                name = error["path"].replace("rule.", RULE)
                self.add_error(name if name in self.fields else "by_rule", error["detail"])


class ItemForm(RowForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label_choices(self, "title")


class ItemInline(LabelledRows, TabularInline):
    model = CollectionItem
    form = ItemForm
    fields = ("title", "order")
    labelled = ("title",)
    ordering_field = "order"
    hide_ordering_field = True
    hide_title = True
    verbose_name = "title"
    verbose_name_plural = "Titles, in the order in which they are shown"


@admin.register(Collection)
class CollectionAdmin(SharedAdmin):
    form = CollectionForm
    own = ("name", "slug", "published", "by_rule")
    list_display = ("name", "slug", "published", "by_rule", "size")
    list_filter = ("published", "by_rule")
    search_fields = ("name", "slug", "texts__name")
    inlines = (ItemInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        return super().get_queryset(request).annotate(item_total=Count("items", distinct=True))

    @display(description="titles", ordering="item_total")
    def size(self, collection: Any) -> str:
        return "by rule" if collection.by_rule else str(collection.item_total)

    def fields_of(self, form: Any) -> dict[str, Any]:
        fields = super().fields_of(form)
        by_rule = fields.pop("by_rule")
        return {**fields, "rule": form.cleaned_data["rule"] if by_rule else None}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing yet: the collection and its titles are one save, in `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        (items,) = formsets
        fields = self.fields_of(form)
        # A rule takes the place of the list that was put together by hand.
        fields["titles"] = [] if fields["rule"] else [title.public_id for title in in_order(items)]
        obj = form.instance
        if change:
            stored = Collection.objects.get(pk=obj.pk)
            shared.change(stored, by=person(request), **fields)
        else:
            obj.pk = shared.add(Collection, by=person(request), **fields).pk
            obj.refresh_from_db()
        items.new_objects, items.changed_objects, items.deleted_objects = [], [], []
        if form.cleaned_data["by_rule"]:
            found = rules.listings(form.cleaned_data["rule"]).count()
            messages.info(request, f"The rule means {found} of the titles that are live now.")


def in_order(formset: Any) -> list[Any]:
    """The titles of the rows that stay: those that were there by their number, then the new ones."""
    kept = [
        form for form in formset.forms if form.cleaned_data.get("title") and form not in formset.deleted_forms
    ]
    old = [form for form in kept if form.instance.pk]
    old.sort(key=lambda form: form.cleaned_data["order"])
    titles = [form.instance.title if not form.has_changed() else form.cleaned_data["title"] for form in old]
    return titles + [form.cleaned_data["title"] for form in kept if not form.instance.pk]
