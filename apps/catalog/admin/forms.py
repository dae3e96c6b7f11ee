"""Form pieces that the newsroom's pages share: rows that cost nothing untouched, texts, time codes."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.admin import site
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import F, Field, Model
from django.forms.utils import ErrorDict
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.catalog.models import EpisodeText, SeasonText
from apps.catalog.services import contents
from apps.media.models import Asset

HIGHEST_NUMBER = 9_999
# Above every number that an editor may give, within a small integer.
ASIDE = 20_000


class PlainTextarea(UnfoldAdminTextareaWidget):
    """Browsers send CR LF for the end of a line; we store LF, as the API does."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return value.replace("\r\n", "\n") if isinstance(value, str) else value


class CalmForm(forms.ModelForm):
    """White space at the ends of a text is no change of it: fields drop it, what is stored may have it."""

    @cached_property
    def changed_data(self) -> list[str]:
        names: list[str] = super().changed_data
        return [name for name in names if not _same(self.initial.get(name), self[name].data)]


def _same(stored: Any, given: Any) -> bool:
    texts = isinstance(stored, str) and isinstance(given, str)
    return texts and stored.replace("\r\n", "\n").strip() == given.strip()


class RowForm(CalmForm):
    """A row of an inline. One that nobody touched is not judged again: a long series costs no queries."""

    def full_clean(self) -> None:
        if self.is_bound and self.instance.pk and not self.has_changed():
            self._errors = ErrorDict()
            self.cleaned_data = dict(self.initial)
            return
        super().full_clean()


class LabelledSelect(AutocompleteSelect):
    """Django's, which asks the database for the label of every row's choice; here the row brings it."""

    def __init__(self, field: Field, **kwargs: Any) -> None:
        super().__init__(field, site, **kwargs)
        self.known: dict[str, str] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> "LabelledSelect":
        copy: LabelledSelect = super().__deepcopy__(memo)
        copy.known = {}
        return copy

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        if any(one and str(one) not in self.known for one in value):
            return super().optgroups(name, value, attr)
        options = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
        options += [self.create_option(name, one, self.known[str(one)], True, 1) for one in value if one]
        return [(None, options, 0)]


def label_choices(form: forms.ModelForm, *names: str) -> None:
    """Give the widgets of these foreign keys the labels of what the row refers to (select_related)."""
    for name in names:
        widget = form.fields[name].widget if name in form.fields else None
        widget = getattr(widget, "widget", widget)
        chosen = getattr(form.instance, name, None) if form.instance.pk else None
        if isinstance(widget, LabelledSelect) and chosen is not None:
            widget.known = {str(chosen.pk): str(chosen)}


def offering_upload(field: Any, db_field: Any, request: HttpRequest) -> Any:
    """The field of a form; one for a video offers to upload it right there (static/newsroom/upload.js)."""
    if field is not None and getattr(db_field, "related_model", None) is Asset:
        # In the place of the link to another window.
        field.widget.can_add_related = False
        if request.user.has_perm("media.add_asset"):
            select = getattr(field.widget, "widget", field.widget)
            select.attrs["data-upload"] = reverse("admin:media_asset_uploads")
    return field


class TextedForm(RowForm):
    """A row with its texts: fields `name_en`, `synopsis_en`, `name_hi`, … beside those of the model."""

    text_model: ClassVar[type[Model]]
    text_fields: ClassVar[tuple[str, ...]] = ("name", "synopsis")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        texts = {one.language: one for one in self.instance.texts.all()} if self.instance.pk else {}
        for language, label in settings.LANGUAGES:
            for name in self.text_fields:
                key = f"{name}_{language}"
                self.fields[key] = self._field(name, label)
                self.initial.setdefault(key, getattr(texts.get(language), name, ""))

    def _field(self, name: str, label: str) -> forms.Field:
        field: Any = self.text_model._meta.get_field(name)
        long = name == "synopsis"
        widget = PlainTextarea({"rows": 3}) if long else UnfoldAdminTextInputWidget()
        built: forms.Field = field.formfield(required=False, label=f"{name.capitalize()} ({label})")
        built.widget = widget
        return built

    @property
    def languages(self) -> list[dict[str, Any]]:
        """For templates: every language with its bound fields."""
        return [
            {"code": code, "label": label, "fields": [self[f"{name}_{code}"] for name in self.text_fields]}
            for code, label in settings.LANGUAGES
        ]

    def save(self, commit: bool = True) -> Any:
        saved = super().save(commit)
        owner = self.text_model._meta.get_field(str(self.instance._meta.model_name)).name
        for language, _ in settings.LANGUAGES:
            keys = [f"{name}_{language}" for name in self.text_fields]
            if set(keys) & set(self.changed_data):
                values = {name: self.cleaned_data[f"{name}_{language}"] for name in self.text_fields}
                self.text_model._default_manager.update_or_create(
                    defaults=values, language=language, **{owner: saved}
                )
        return saved


class NumberedForm(TextedForm):
    """Numbers are judged by the formset, which has all of them; so two rows may swap theirs.

    The page sends only those stored rows that somebody opened; the others have nothing but their key.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.TextInput | forms.Textarea | forms.NumberInput):
                # Hundreds of them are on one page.
                field.widget.attrs = {"rows": 3} if isinstance(field.widget, forms.Textarea) else {}
                field.widget.attrs["class"] = "nr-input"

        self.left_out = (
            self.is_bound and bool(self.instance.pk) and self.add_prefix("number") not in self.data
        )
        if self.left_out:
            # As on a page that was not sent: it shows what is stored, also beside errors of others.
            self.is_bound = False

    @cached_property
    def changed_data(self) -> list[str]:
        return [] if self.left_out else super().changed_data

    def is_valid(self) -> bool:
        return self.left_out or super().is_valid()

    def full_clean(self) -> None:
        super().full_clean()
        if self.left_out:
            self.cleaned_data = dict(self.initial)

    def clean_number(self) -> int:
        number: int = self.cleaned_data["number"]
        if number > HIGHEST_NUMBER:
            raise forms.ValidationError(f"At most {HIGHEST_NUMBER}.", code="max_value")
        return number

    def validate_unique(self) -> None: ...

    def validate_constraints(self) -> None: ...


class NumberedFormSet(PaginationInlineFormSet):
    """Rows with a number of their own. Those that are renumbered or deleted step aside first."""

    def save(self, commit: bool = True) -> Any:
        moved = [form.instance.pk for form in self.initial_forms if "number" in form.changed_data]
        moved += [form.instance.pk for form in self.deleted_forms if form.instance.pk]
        self.model._default_manager.filter(pk__in=moved, number__lte=HIGHEST_NUMBER).update(
            number=F("number") + ASIDE
        )
        return super().save(commit)

    def delete_existing(self, obj: Any, commit: bool = True) -> None:
        if commit:
            contents.remove(contents.title_of(obj), obj)

    def get_unique_error_message(self, unique_check: Iterable[str]) -> str:
        return "Two of these have the same number."


class OrderedFormSet(PaginationInlineFormSet):
    """Rows in an order of their own; new ones come last."""

    def save_new(self, form: Any, commit: bool = True) -> Any:
        if "order" not in form.changed_data:
            orders = [one.instance.order for one in self.initial_forms] + [
                one.order for one in self.new_objects
            ]
            form.instance.order = max(orders, default=-1) + 1
        return super().save_new(form, commit)


class SeasonForm(NumberedForm):
    text_model = SeasonText


class EpisodeForm(NumberedForm):
    text_model = EpisodeText

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day = self.fields["released_on"]
        day.widget = forms.DateInput({"type": "date", "class": "nr-input"}, format="%Y-%m-%d")
        video = self.fields["asset"]
        video.widget = getattr(video.widget, "widget", video.widget)
        label_choices(self, "asset")


TIMECODE = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d{1,5})(?:[.,](\d{1,3}))?", re.ASCII)


def timecode(ms: int) -> str:
    """1:02:03.500 of 3723500."""
    seconds, rest = divmod(ms, 1000)
    fraction = f".{rest:03}" if rest else ""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


class TimecodeField(forms.CharField):
    """Milliseconds, as people write them: 1:02:03.5, 12:30, 45."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return timecode(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> int:
        text = super().clean(value)
        match = TIMECODE.fullmatch(text)
        if match is None:
            raise forms.ValidationError("Write it as 1:02:03 or 12:30.5.", code="invalid")
        hours, minutes, seconds, fraction = match.groups()
        whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds)
        return whole * 1000 + int((fraction or "0").ljust(3, "0"))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)
