"""Who sends files, and how: a tus client for tests, small and pedantic."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.core.tests.problems import assert_problem, paths_of
from apps.media import parts
from apps.media.models import Upload

UPLOADS = "/api/v1/cms/uploads/"
BYTES = "application/offset+octet-stream"
V1 = {"Tus-Resumable": "1.0.0"}


def uploader(**fields: Any) -> User:
    """A member of staff who may add videos."""
    user: User = UserFactory(is_staff=True, **fields)
    for name in ("add_asset", "view_asset"):
        user.user_permissions.add(Permission.objects.get(content_type__app_label="media", codename=name))
    return user


def noise(size: int, seed: int = 1) -> bytes:
    return Random(seed).randbytes(size)  # noqa: S311 it has to repeat itself


def metadata(**given: str | bytes) -> str:
    values = {name: one if isinstance(one, bytes) else one.encode() for name, one in given.items()}
    return ",".join(f"{name} {base64.b64encode(one).decode()}" for name, one in values.items())


def checksum(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


@dataclass
class Sender:
    client: APIClient

    def begin(self, size: int | str, **told: str | bytes) -> Any:
        given = V1 | {"Upload-Length": str(size), "Upload-Metadata": metadata(**told)}
        return self.client.post(UPLOADS, headers=given)

    def begun(self, size: int, **told: str | bytes) -> str:
        """The path of a new upload."""
        answer = self.begin(size, **({"filename": "film.mp4"} | told))
        assert answer.status_code == 201, answer.content
        return "/" + str(answer["Location"]).split("/", 3)[3]

    def send(self, path: str, data: bytes, at: int = 0, **headers: str) -> Any:
        given = (
            V1 | {"Upload-Offset": str(at)} | {name.replace("_", "-"): one for name, one in headers.items()}
        )
        return self.client.patch(path, data, content_type=BYTES, headers=given)

    def sent(self, path: str, data: bytes, at: int = 0) -> int:
        answer = self.send(path, data, at)
        assert answer.status_code == 204, answer.content
        return int(answer["Upload-Offset"])

    def offset(self, path: str) -> int:
        answer = self.client.head(path, headers=V1)
        assert answer.status_code == 200, answer.content
        assert answer["Cache-Control"] == "no-store"
        return int(answer["Upload-Offset"])


def refused_field(answer: Any, name: str, code: str) -> None:
    assert paths_of(assert_problem(answer, 400)) == {name: code}


def upload_at(path: str) -> Upload:
    return Upload.objects.get(public_id=path.rpartition("/")[2])


def file_of(path: str) -> Path:
    return parts.path_of(upload_at(path).public_id)
