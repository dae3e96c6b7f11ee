"""OpenAPI 3.1: what drf-spectacular cannot see, above all the refusals of each route."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar

from django.conf import settings
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.serializers import ListSerializer

from apps.core.errors import CODES, TITLES

from .serializers import StrictSerializer, TextField

V = TypeVar("V", bound=Callable[..., Any])
Direction = Literal["request", "response"]
PROBLEM_JSON, JSON, BYTES = "application/problem+json", "application/json", "application/octet-stream"
EVERYWHERE = {429, 503}


def refuses(*statuses: int) -> Callable[[V], V]:
    """Says which statuses, beyond those that follow from the route's shape, a handler may answer."""

    def mark(handler: V) -> V:
        handler.refuses = set(statuses)  # type: ignore[attr-defined]
        return handler

    return mark


class ProblemAutoSchema(AutoSchema):
    """drf-spectacular's schema, with each operation's problem answers and its Idempotency-Key."""

    def get_override_parameters(self) -> list[Any]:
        parameters = super().get_override_parameters()
        if getattr(self._handler(), "is_idempotent", False):
            parameters = [*parameters, idempotency_header()]
        return parameters

    def get_summary(self) -> str:
        """The first line of the handler's docstring."""
        first = (self._handler().__doc__ or "").strip().splitlines()
        return str(super().get_summary() or (first[0].rstrip(".") if first else ""))

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", None) or super().get_tags()[0]]

    def _get_request_body(self, direction: Direction = "request") -> Any:
        if self.method != "DELETE" or not getattr(self._handler(), "confirmed", False):
            return super()._get_request_body(direction)
        # spectacular documents no body for DELETE; ours carry a confirmation.
        self.method = "POST"
        try:
            return super()._get_request_body(direction)
        finally:
            self.method = "DELETE"

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        answers: dict[str, Any] = super()._get_response_bodies(direction)
        for status in sorted(self._refusals()):
            answers.setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})
        return answers

    def _map_serializer_field(self, field: Any, direction: Direction, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        # For the library's hook that names enums; ours stand where they are used.
        (schema or {}).pop("x-spec-enum-id", None)
        if direction == "request" and isinstance(field, TextField):
            schema["pattern"] = field.pattern_or_blank if field.allow_blank else field.pattern
        most = getattr(field, "max_length", None) if isinstance(field, ListSerializer) else None
        if direction == "request" and most:
            schema["maxItems"] = most
        return schema

    def _map_serializer(self, serializer: Any, direction: Direction, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer(serializer, direction, bypass_extensions)
        if direction == "request" and isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema

    def _handler(self) -> Any:
        return getattr(self.view, self.method.lower(), None)

    def _refusals(self) -> set[int]:
        statuses = EVERYWHERE | getattr(self._handler(), "refuses", set())
        if self.view.get_authenticators():
            statuses |= {401}
        if any(type(permission).__name__ != "AllowAny" for permission in self.view.get_permissions()):
            statuses |= {403}
        if self._get_request_body():
            statuses |= {400, 413, 415}
        if "{" in self.path:
            statuses |= {404}
        if self._is_list_view():
            statuses |= {400}
        if getattr(self._handler(), "is_idempotent", False):
            statuses |= {400, 409, 422}
        return statuses


def idempotency_header() -> Any:
    return OpenApiParameter(
        "Idempotency-Key",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        OpenApiParameter.HEADER,
        description="Repeat the request safely for 24 hours: same key and body, same answer.",
    )


def path_parameter(name: str, schema: dict[str, Any], told: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": told}


def query_parameter(name: str, schema: dict[str, Any], told: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": told}


def operation(
    name: str,
    summary: str,
    tag: str,
    parameters: list[dict[str, Any]],
    answers: Mapping[int, tuple[str, Mapping[str, dict[str, Any]]]],
    refuses: Iterable[int],
) -> dict[str, Any]:
    """One that no view of REST framework stands for and that needs no bearer. `answers`: by status what it
    is, and the schema of each media type."""
    responses: dict[str, Any] = {
        str(status): {
            "description": told,
            "content": {kind: {"schema": schema} for kind, schema in kinds.items()},
        }
        for status, (told, kinds) in answers.items()
    }
    responses |= {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in refuses}
    return {
        "operationId": name, "summary": summary, "tags": [tag], "parameters": parameters, "security": [{}],
        "responses": responses,
    }  # fmt: skip


def describe_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing hook: the Problem schema, and one reusable answer for each status."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {
        f"Problem{status}": {
            "description": f"{title}. Usual code: `{CODES[status]}`.",
            "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, title in TITLES.items()
        if status != 500
    }
    result["servers"] = [{"url": settings.SITE_URL}]
    return result


TOLD = {
    "type": "object",
    "required": ["path", "code", "detail"],
    "properties": {
        "path": {"type": "string", "description": "Dotted path of the field, or empty."},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
PLAYING = {
    "type": "object",
    "required": ["session_id", "device_name", "title", "started_at", "terminate"],
    "properties": {
        "session_id": {"type": "string", "format": "uuid"},
        "device_name": {"type": "string"},
        "title": {"type": ["string", "null"]},
        "started_at": {"type": ["string", "null"], "format": "date-time"},
        "terminate": {"type": ["string", "null"]},
    },
}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem. `code` is stable; `detail` is for people.",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": TOLD},
        "gates": {
            "type": "array",
            "items": TOLD,
            "description": "With `gates_unmet`: everything that stands in the way.",
        },
        "plan": {
            "type": ["string", "null"],
            "description": "With `plan_required`: a plan that would do; null: none is on sale.",
        },
        "reason": {"type": "string", "description": "With `lease_lost`: what ended the session."},
        "limit": {"type": "integer", "description": "With `stream_limit`: how many may play at once."},
        "expires_in": {"type": "integer", "description": "With `stream_limit`: seconds its codes live."},
        "sessions": {
            "type": "array",
            "items": PLAYING,
            "description": "With `stream_limit`: what plays, each with a code that ends it, once.",
        },
        "uses": {
            "type": "array",
            "items": {"type": "string"},
            "description": "With `in_use`: by what.",
        },
    },
}
