"""Fields of the editorial API: long texts, names of numbers, moments with a zone, things by their id."""

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.api.serializers import MaturityField
from apps.accounts.maturity import BY_LABEL, Maturity
from apps.catalog.models import Tier
from apps.catalog.territories import TERRITORIES
from apps.core.api.serializers import StrictSerializer, TextField
from apps.workflow import plain_text
from apps.workflow.models import Priority

ORDINARY = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
VISIBLE = r"[^\p{C}\p{Z}]"
BIGGEST = 2**31 - 1


class ProseField(TextField):
    """Text of several lines, as `plain_text` has it."""

    pattern = rf"^{ORDINARY}*{VISIBLE}{ORDINARY}*$"
    pattern_or_blank = rf"^{ORDINARY}*$"

    def run_validation(self, data: Any = serializers.empty) -> Any:
        self.refuse_long(data)
        return serializers.CharField.run_validation(self, data)

    def to_internal_value(self, data: Any) -> str:
        text = plain_text.LINE_END.sub("\n", serializers.CharField.to_internal_value(self, data))
        if plain_text.REFUSED.search(text):
            self.fail("control")
        return text


class InstantField(serializers.DateTimeField):
    """RFC 3339, with a zone."""

    default_error_messages = {"zone": "Say the time zone too, such as 2026-01-31T18:00:00Z."}

    def enforce_timezone(self, value: Any) -> Any:
        if timezone.is_naive(value):
            self.fail("zone")
        return super().enforce_timezone(value)


class NameField(serializers.ChoiceField):
    """A number of ours by its name in lower case: "free", "urgent"."""

    def __init__(self, numbers: type[IntEnum], **options: Any) -> None:
        self.by_name = {one.name.lower(): one for one in numbers}
        super().__init__(choices=list(self.by_name), **options)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.by_name:
            self.fail("invalid_choice", input=data)
        return self.by_name[data].value

    def to_representation(self, value: Any) -> str:
        return next(name for name, one in self.by_name.items() if one == value)


def tier(**options: Any) -> NameField:
    return NameField(Tier, **options)


def priority(**options: Any) -> NameField:
    return NameField(Priority, **options)


@extend_schema_field({"oneOf": [{"type": "string", "enum": list(BY_LABEL)}]})
class RatingField(MaturityField):
    """A maturity rating, or null for none yet."""


class AgeField(serializers.ChoiceField):
    """A maturity rating as the youngest age that it suits; rules of collections compare with it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=Maturity.values, **options)

    def to_internal_value(self, data: Any) -> Any:
        if type(data) is not int:
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class Ref(serializers.UUIDField):
    """A thing by its public id."""

    default_error_messages = {"does_not_exist": "There is no such thing."}

    def __init__(self, model: type[models.Model], **options: Any) -> None:
        self.model = model
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Any:
        found = self.model._default_manager.filter(public_id=canonical(self, data)).first()
        if found is None:
            self.fail("does_not_exist")
        return found

    def to_representation(self, value: Any) -> str:
        return str(value.public_id)


class IdField(serializers.UUIDField):
    """A public id that a service looks up together with others."""

    def to_internal_value(self, data: Any) -> UUID:
        return canonical(self, data)


def canonical(field: serializers.UUIDField, data: Any) -> UUID:
    """The one spelling of RFC 9562; Python would take others, and numbers."""
    try:
        key = UUID(data if isinstance(data, str) else "")
    except ValueError:
        key = None
    if key is None or str(key) != data.lower():
        field.fail("invalid", value=data)
    assert key is not None  # noqa: S101 `fail` raises
    return key


class Word(serializers.SlugField):
    """A slug in a list, where a number is not taken for one either."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


def slugs(most: int, longest: int = 60, **options: Any) -> serializers.ListField:
    return serializers.ListField(child=Word(max_length=longest), max_length=most, required=False, **options)


def number(lowest: int = 0, highest: int = BIGGEST, **options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=lowest, max_value=highest, **options)


def territories(**options: Any) -> serializers.ListField:
    """ISO 3166-1 alpha-2 codes."""
    choice = serializers.ChoiceField(choices=TERRITORIES)
    return serializers.ListField(child=choice, max_length=len(TERRITORIES), **options)


def languages(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=LanguageTag(), max_length=50, **options)


class LanguageTag(serializers.RegexField):
    """Any language, not only those of the site: en, hi, ta, pt-BR."""

    def __init__(self, **options: Any) -> None:
        options = {"max_length": 10} | options
        super().__init__(r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?\Z", **options)


def keyed(name: str, keys: Iterable[str], each: Callable[[], Any]) -> type[StrictSerializer]:
    """An object that has some of these keys."""
    return type(name, (StrictSerializer,), {key: each() for key in keys})


def by_language(name: str, each: Callable[[], Any]) -> type[StrictSerializer]:
    """An object with a key for each language of the site."""
    return keyed(name, dict(settings.LANGUAGES), each)


class TextsField(serializers.Field[Any, Any, Any, Any]):
    """The rows of texts as `{language: {column: text}}`."""

    columns: tuple[str, ...] = ()

    def to_representation(self, value: Any) -> dict[str, dict[str, str]]:
        return {row.language: {name: getattr(row, name) for name in self.columns} for row in value.all()}
