"""Uploading in the newsroom: by the session, with the page's CSRF token."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.media.models import Asset, Upload

from .senders import BYTES, V1, file_of, noise, uploader

pytestmark = pytest.mark.django_db
ADMIN = "/admin/media/asset/"
AT = f"{ADMIN}uploads/"


class Page:
    """The page for uploads in somebody's browser."""

    def __init__(self, user: User) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        page = self.client.get(f"{ADMIN}add/").content.decode()
        self.token = re.findall('csrfmiddlewaretoken" value="([^"]+)"', page)[0]

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        given = (
            V1 | {"X-CSRFToken": self.token} | {name.replace("_", "-"): one for name, one in headers.items()}
        )
        return self.client.generic(method, path, body, BYTES, headers=given)

    def begun(self, size: int) -> str:
        answer = self.ask("POST", AT, Upload_Length=str(size))
        assert answer.status_code == 201, answer.content
        return "/" + str(answer["Location"]).split("/", 3)[3]


def test_a_video_is_uploaded_from_the_newsroom(esha: User) -> None:
    page, data = Page(esha), noise(2_500_000)
    path = page.begun(len(data))
    assert path.startswith(AT)

    assert page.ask("PATCH", path, data[:1_000_000], Upload_Offset="0").status_code == 204
    assert page.ask("HEAD", path)["Upload-Offset"] == "1000000"
    assert page.ask("PATCH", path, data[1_000_000:], Upload_Offset="1000000").status_code == 204

    assert file_of(path).read_bytes() == data
    asset = Asset.objects.get()
    assert asset.created_by == esha
    told = page.ask("GET", path).json()["asset"]
    assert told["page"] == f"{ADMIN}{asset.pk}/change/"
    assert told["option"] == {"value": asset.pk, "label": "upload"}
    assert page.client.get(told["page"]).status_code == 200


def test_without_the_token_of_the_page_nothing_is_begun_or_sent(esha: User) -> None:
    page = Page(esha)
    path = page.begun(10)
    page.token = "x" * 32

    for method, where, body in (("POST", AT, b""), ("PATCH", path, b"12345"), ("DELETE", path, b"")):
        answer = page.ask(method, where, body, Upload_Offset="0", Upload_Length="5")
        assert answer.status_code == 403, method
        assert "CSRF" in answer.json()["detail"]
    upload = Upload.objects.get()
    assert upload.offset == 0


def test_a_session_is_asked_for_and_the_right_to_add_videos(esha: User) -> None:
    path = Page(esha).begun(10)
    for client in (Client(), Client()):
        answer = client.generic("PATCH", path, b"x", BYTES, headers=V1)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/admin/login/")
    viewer = Client()
    viewer.force_login(UserFactory(), backend=settings.AUTHENTICATION_BACKENDS[0])
    assert viewer.generic("HEAD", path, headers=V1).status_code == 302
    colleague = Client()
    colleague.force_login(UserFactory(is_staff=True), backend=settings.AUTHENTICATION_BACKENDS[0])
    assert colleague.generic("HEAD", path, headers=V1).status_code == 403
    assert colleague.get(f"{ADMIN}add/").status_code == 403


def test_an_upload_of_the_newsroom_is_its_senders(esha: User) -> None:
    path = Page(esha).begun(10)
    other = Page(uploader())

    for method in ("GET", "HEAD", "PATCH", "DELETE"):
        assert other.ask(method, path, b"x", Upload_Offset="0").status_code == 404
    assert Page(uploader(is_superuser=True)).ask("HEAD", path).status_code == 200


def test_a_token_is_no_session_and_a_session_is_no_token(esha: User, sender: Any) -> None:
    path = Page(esha).begun(10)
    assert sender.client.head(path, headers=V1).status_code == 302
    api = path.replace(AT, "/api/v1/cms/uploads/")
    assert Page(esha).ask("HEAD", api).status_code == 401
    assert sender.client.head(api, headers=V1).status_code == 200
