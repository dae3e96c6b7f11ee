"""Serializer bases and fields that every app's API uses."""

from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """Input whose unknown and read-only fields are refused, so that a typo or an attempt is never ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            unknown = {
                name: [serializers.ErrorDetail("There is no such field to set.", "unknown_field")]
                for name in data
                if name not in writable
            }
            if unknown:
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


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
        return super().run_validation(data)

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
