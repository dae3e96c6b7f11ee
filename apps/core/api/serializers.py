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


class TextField(serializers.CharField):
    """Text for people: trimmed, one line, no control characters."""

    default_error_messages = {"control": "Control characters are not allowed."}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text.isprintable():
            self.fail("control")
        return text


class SecretField(serializers.CharField):
    """A password: any characters, none trimmed, never sent back."""

    def __init__(self, **options: Any) -> None:
        options = {"max_length": 128, "trim_whitespace": False, "write_only": True} | options
        super().__init__(**options)
