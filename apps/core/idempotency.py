"""`Idempotency-Key`: repeat an unsafe POST safely (docs/api.md).

The record is inserted first, in the transaction of the deed itself, so a key and its effect exist
together or not at all. A second request with the key waits on the unique index for the first, then gets
the same answer; if the first takes too long, it is told 409. Refusals are not kept: nothing happened.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, cast

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.response import Response

from .errors import DomainError, InvalidField
from .models import IdempotentAnswer
from .network import client_ip
from .postgres.base import prepared_cursor
from .postgres.inserting import insert

KEPT_FOR = timedelta(hours=24)
MAX_KEY_LENGTH = 255
ANSWERED = "UPDATE core_idempotentanswer SET status = %s, body = %s::jsonb WHERE id = %s"
View = Callable[..., Response]


class IdempotencyMismatch(DomainError):
    code = "idempotency_mismatch"
    status = 422
    detail = "This Idempotency-Key was used with another request body."


def idempotent(view: View) -> View:
    """Decorates a view's `post` that creates something; its answers must not hold secrets."""

    @wraps(view)
    def post(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return view(self, request, *args, **kwargs)
        if not key.isascii() or not key.isprintable() or not 1 <= len(key) <= MAX_KEY_LENGTH:
            raise InvalidField("Idempotency-Key", "invalid", "1 to 255 printable ASCII characters.")
        with transaction.atomic():
            record, fresh = _claim(request, key)
            if not fresh:
                return Response(record.body, status=record.status, headers={"Idempotent-Replay": "true"})
            try:
                response = view(self, request, *args, **kwargs)
            except DomainError as error:
                if connection.needs_rollback:
                    raise
                # The deed undid itself; what is on record about the refusal, such as a wrong password, stays.
                record.delete()
                refusal = error
            else:
                with prepared_cursor() as cursor:
                    body = orjson.dumps(response.data).decode()
                    cursor.execute(ANSWERED, [response.status_code, body, record.pk])
                return response
        raise refusal

    cast(Any, post).is_idempotent = True
    return post


def _claim(request: Request, key: str) -> tuple[IdempotentAnswer, bool]:
    # Under a key of ours: bodies hold passwords, and a bare hash of one could be searched offline.
    text = orjson.dumps(request.data, default=_digest, option=orjson.OPT_SORT_KEYS)
    body = salted_hmac("apps.core.idempotency", text, algorithm="sha256").hexdigest()
    user = request.user
    scope = f"account:{user.pk}" if user.is_authenticated else f"address:{client_ip(request)}"
    path = request.path_info[:200]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '1500ms'")
    record = IdempotentAnswer(scope=scope, route=path, key=key, body_sha256=body)
    while not insert(record):
        known = IdempotentAnswer.objects.filter(scope=scope, route=path, key=key).first()
        if known and known.created_at < timezone.now() - KEPT_FOR:
            known.delete()
        elif known and known.body_sha256 != body:
            raise IdempotencyMismatch
        elif known:
            return known, False
    return record, True


def _digest(value: Any) -> str:
    """What stands for an uploaded file."""
    if not isinstance(value, UploadedFile):
        raise TypeError
    value.seek(0)
    digest = hashlib.file_digest(cast(Any, value.file), "sha256").hexdigest()
    value.seek(0)
    return digest


def forget_old_answers() -> int:
    """Drop answers past their 24 hours; how many."""
    return IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]
