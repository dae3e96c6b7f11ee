"""What stands between the WSGI server and Django."""

import re
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings

from . import errors

Application = Callable[..., Iterable[bytes]]


class BodyTooLong(errors.DomainError):
    code = "payload_too_large"
    status = 413
    detail = "A request body without a Content-Length may not be this long."


class KnownLength:
    """Gives a chunked body (RFC 9112, 7.1) the Content-Length without which Django takes it for empty.

    At most `API_MAX_BODY_BYTES` are taken; what is longer says its length beforehand. Only bodies that
    their view reads piece by piece (`STREAMED_BODIES`, paths) pass as they come, to their end.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ.get("HTTP_TRANSFER_ENCODING"):
            return self.application(environ, start_response)
        if re.match(settings.STREAMED_BODIES, environ.get("PATH_INFO", "")):
            environ["CONTENT_LENGTH"] = str(settings.UPLOAD_MAX_BYTES + 1)
        else:
            body = environ["wsgi.input"].read(settings.API_MAX_BODY_BYTES + 1)
            if len(body) > settings.API_MAX_BODY_BYTES:
                answer = errors.problem(BodyTooLong())
                start_response(f"{answer.status_code} {answer.reason_phrase}", list(answer.items()))
                return [answer.content]
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
            del environ["HTTP_TRANSFER_ENCODING"]
        return self.application(environ, start_response)
