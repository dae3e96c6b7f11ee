"""The rows below a title or an episode: credits, rights windows, segments, extras, events, ids elsewhere."""

from typing import Any, ClassVar

from django import forms
from django.contrib.admin.options import InlineModelAdmin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import display
from unfold.overrides import FORMFIELD_OVERRIDES_INLINE
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.catalog.models import (
    Contestant,
    Credit,
    Event,
    ExternalId,
    Extra,
    ExtraText,
    Segment,
    Window,
)
from apps.catalog.territories import TERRITORIES

from .forms import (
    LabelledSelect,
    OrderedFormSet,
    PlainTextarea,
    RowForm,
    TimecodeField,
    label_choices,
    offering_upload,
    timecode,
)


class LabelledRows(InlineModelAdmin):
    """Inlines whose foreign keys are searched for, and read in one query with their rows."""

    form: Any = RowForm
    formfield_overrides: ClassVar = {
        **FORMFIELD_OVERRIDES_INLINE, models.TextField: {"widget": PlainTextarea},
    }  # fmt: skip
    extra = 0
    labelled: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.select_related(*self.labelled) if self.labelled else rows

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.labelled:
            kwargs["widget"] = LabelledSelect(db_field)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return offering_upload(field, db_field, request)


class CreditForm(RowForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label_choices(self, "person")


class CreditInline(LabelledRows, TabularInline):
    hint = "Viewers see them in this order. Drag rows by their dots, or use the arrow keys there."
    model = Credit
    form = CreditForm
    formset = OrderedFormSet
    fields = ("person", "role", "character", "order")
    labelled = ("person",)
    ordering_field = "order"
    hide_ordering_field = True
    hide_title = True


PLACEHOLDERS = {"countries": "IN, NP", "languages": "en, hi"}


class WindowForm(RowForm):
    def has_changed(self) -> bool:
        """A new window may be all defaults: everywhere, free, for good. Who added it meant it."""
        return self.instance.pk is None or super().has_changed()

    def clean_countries(self) -> list[str]:
        countries = [one.strip().upper() for one in self.cleaned_data.get("countries") or []]
        if unknown := [one for one in countries if one not in TERRITORIES]:
            raise forms.ValidationError(f"Not ISO 3166 codes: {', '.join(unknown)}.", code="unknown_country")
        return list(dict.fromkeys(countries))

    def clean(self) -> dict[str, Any] | None:
        super().clean()
        scope, countries = self.cleaned_data.get("scope"), self.cleaned_data.get("countries")
        if scope == Window.Territories.EVERYWHERE and countries:
            self.add_error("countries", "Leave this empty, or choose “Only in these” or “… but in these”.")
        elif scope and scope != Window.Territories.EVERYWHERE and countries == []:
            self.add_error("countries", "Name at least one territory.")
        starts, ends = self.cleaned_data.get("starts_at"), self.cleaned_data.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", "This must be later than the start.")
        return self.cleaned_data


class WindowInline(LabelledRows, StackedInline):
    hint = "Where, when and for whom it may be shown. Times are UTC; an end is the first moment it is gone."
    model = Window
    form = WindowForm
    fields = (("scope", "countries"), ("starts_at", "ends_at"), ("tier", "max_height"), "languages")
    verbose_name_plural = "Rights windows"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in PLACEHOLDERS:
            kwargs["widget"] = UnfoldAdminTextInputWidget({"placeholder": PLACEHOLDERS[db_field.name]})
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class SegmentForm(RowForm):
    start_ms = TimecodeField(label="From", help_text="As 1:02:03.5 or 12:30, from the beginning.")
    end_ms = TimecodeField(label="To", help_text="The first moment that is no longer part of it.")

    def clean(self) -> dict[str, Any] | None:
        super().clean()
        start, end = self.cleaned_data.get("start_ms"), self.cleaned_data.get("end_ms")
        may_be_empty = self.cleaned_data.get("kind") == Segment.Kind.AD_BREAK
        if start is not None and end is not None and (end < start or (end == start and not may_be_empty)):
            self.add_error("end_ms", "This must be later than where it begins.")
        return self.cleaned_data


class SegmentInline(LabelledRows, TabularInline):
    hint = "Stretches of the video: players offer to skip an intro, and show what is next at the credits."
    model = Segment
    form = SegmentForm
    fields = ("kind", "start_ms", "end_ms")
    readonly_fields = ("begins", "ends")
    hide_title = True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only read reads time codes as well, not milliseconds."""
        page = self.admin_site.get_model_admin(self.parent_model)
        return self.fields if page.has_change_permission(request, obj) else ("kind", "begins", "ends")

    @display(description="From")
    def begins(self, segment: Segment) -> str:
        return timecode(segment.start_ms)

    @display(description="To")
    def ends(self, segment: Segment) -> str:
        return timecode(segment.end_ms)


class ExtraForm(RowForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label_choices(self, "asset")


class ExtraTextInline(LabelledRows, TabularInline):
    model = ExtraText
    fields = ("language", "name", "synopsis")
    hide_title = True
    verbose_name = "text"
    verbose_name_plural = "texts for viewers"


class ExtraInline(LabelledRows, StackedInline):
    hint = "Trailers, interviews and the like. None is needed. Those whose video is not ready are left out."
    model = Extra
    form = ExtraForm
    formset = OrderedFormSet
    fields = ("kind", "name", "asset", "order")
    ordering_field = "order"
    hide_ordering_field = True
    labelled = ("asset",)
    inlines: ClassVar = [ExtraTextInline]


class ExternalIdInline(LabelledRows, TabularInline):
    hint = "What others call it. Imports find the title by its house id."
    model = ExternalId
    fields = ("scheme", "value")
    hide_title = True
    verbose_name = "id elsewhere"
    verbose_name_plural = "Ids elsewhere"


class ContestantForm(RowForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label_choices(self, "team")


class ContestantInline(LabelledRows, TabularInline):
    model = Contestant
    form = ContestantForm
    formset = OrderedFormSet
    fields = ("team", "order")
    labelled = ("team",)
    ordering_field = "order"
    hide_ordering_field = True
    hide_title = True
    verbose_name = "team"
    verbose_name_plural = "teams, the home side first"


class EventInline(LabelledRows, StackedInline):
    hint = "Viewers see who plays whom, where and when. The first team is at home."
    model = Event
    fields = (("sport", "competition"), ("season", "round"), ("venue", "kick_off_at"))
    inlines: ClassVar = [ContestantInline]
    can_delete = False
    max_num = 1
    verbose_name_plural = "Event"

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj is not None and hasattr(obj, "event") else 1
