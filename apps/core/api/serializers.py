"""Serializer bases and fields that every app's API uses."""

from typing import Any

from rest_framework import serializers

# DRF would take 1 for "1" and "yes" for true; the schema says otherwise.
JSON_TYPES: dict[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...]] = {
    serializers.CharField: (str,),
    serializers.BooleanField: (bool,),
    serializers.IntegerField: (int, float),  # 1.0 is an integer of JSON Schema; DRF refuses 1.5
    serializers.FloatField: (int, float),
}


class StrictSerializer(serializers.Serializer[Any]):
    """Input as its schema says, and no other.

    Unknown and read-only fields are refused, so that a typo or an attempt is never ignored, and so is a
    number for a text and the like.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            writable = {name: field for name, field in self.fields.items() if not field.read_only}
            wrong = {
                name: [serializers.ErrorDetail("There is no such field to set.", "unknown_field")]
                for name in data
                if name not in writable
            } or {
                name: [serializers.ErrorDetail("Not a valid value: another type is needed.", "invalid")]
                for name, field in writable.items()
                if name in data and not _is_of_its_type(data[name], field)
            }
            if wrong:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)


def _is_of_its_type(value: Any, field: serializers.Field[Any, Any, Any, Any]) -> bool:
    kinds = next((kinds for base, kinds in JSON_TYPES.items() if isinstance(field, base)), None)
    if kinds is None or value is None:
        return True
    return isinstance(value, kinds) and (isinstance(value, bool) is (bool in kinds))


JOINERS = "\u200c\u200d"
NO_JOINERS = dict.fromkeys(map(ord, JOINERS))


class TextField(serializers.CharField):
    """Text for people: one line, no control characters, trimmed of spaces. `pattern` says it to machines."""

    default_error_messages = {"control": "Control characters are not allowed."}
    pattern = r"^[ \u200c\u200d]*[^\p{C}\p{Z}](?:[^\p{C}\p{Z}]|[ \u200c\u200d])*$"
    pattern_or_blank = r"^(?: *|[ \u200c\u200d]*[^\p{C}\p{Z}](?:[^\p{C}\p{Z}]|[ \u200c\u200d])*)$"

    def run_validation(self, data: Any = serializers.empty) -> Any:
        # Ahead of the trimming, which would take a line break for a space. The joiners are invisible
        # too, but Hindi and emoji are spelt with them.
        if isinstance(data, str) and not data.translate(NO_JOINERS).isprintable():
            self.fail("control")
        self.refuse_long(data)
        return super().run_validation(data)

    def refuse_long(self, data: Any) -> None:
        """Also of spaces at the ends: the schema counts them."""
        if isinstance(data, str) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text.strip(JOINERS + " "):
            self.fail("control")
        return text


class SecretField(serializers.CharField):
    """A password: any characters, none trimmed, never sent back."""

    def __init__(self, **options: Any) -> None:
        options = {"max_length": 128, "trim_whitespace": False, "write_only": True} | options
        super().__init__(**options)
