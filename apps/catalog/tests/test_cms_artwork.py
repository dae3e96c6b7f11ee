"""Pictures through the editorial API."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from apps.accounts.models import User
from apps.accounts.tests.steps import SignIn, refused, refused_field, work
from apps.catalog.api import cms_artwork
from apps.catalog.models import Artwork, Kind, Title
from apps.catalog.services import publishing

from .cms import CMS, of, same_desk
from .factories import ArtworkFactory, PersonFactory, TitleFactory
from .painting import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
ARTWORK = f"{CMS}/artwork"


def send(client: Any, owner: models.Model, **fields: Any) -> Any:
    body = {
        str(owner._meta.model_name): str(owner.public_id),  # type: ignore[attr-defined]
        "kind": "poster",
        "file": SimpleUploadedFile("poster.jpg", jpeg(), content_type="image/jpeg"),
    }
    given = {name: value for name, value in (body | fields).items() if value is not None}
    return form(client, ARTWORK, given)


def form(client: Any, path: str, given: dict[str, Any]) -> Any:
    return client.post(path, encode_multipart(BOUNDARY, given), content_type=MULTIPART_CONTENT)


def test_a_picture_is_sent_prepared_and_shown(sign_in: SignIn, esha: User, api: Any) -> None:
    title, client = TitleFactory(), sign_in(esha)
    sent = send(client, title, language="hi", alt="A rabbit", focal_x="0.25", focal_y="0.75")

    assert sent.status_code == 201, sent.content
    artwork = Artwork.objects.get()
    assert sent.json() == {
        "id": str(artwork.public_id),
        "title": str(title.public_id),
        "season": None,
        "episode": None,
        "person": None,
        "collection": None,
        "revision": 1,
        "kind": "poster",
        "language": "hi",
        "alt": "A rabbit",
        "focal_x": 0.25,
        "focal_y": 0.75,
        "width": 600,
        "height": 900,
        "state": "uploaded",
        "failure": "",
        "blurhash": "",
        "variants": [],
    }
    work()
    shown = client.get(of(artwork)).json()
    assert shown["state"] == "ready"
    assert {one["format"] for one in shown["variants"]} == {"avif", "webp", "jpeg"}
    address = shown["variants"][0]["url"].partition("/images/")[2]
    assert api.get(f"/images/{address}").status_code == 200
    assert api.get(f"/images/{address.partition('?')[0]}").status_code == 404


def test_a_picture_is_described_anew_and_dropped(sign_in: SignIn, esha: User) -> None:
    artwork = ArtworkFactory(title=TitleFactory())
    client = sign_in(esha)
    changed = client.patch(of(artwork), {"revision": 0, "alt": "A dragon", "language": "en"})

    assert changed.status_code == 200, changed.content
    assert (changed.json()["alt"], changed["ETag"]) == ("A dragon", '"1"')
    with same_desk():
        refused(client.patch(of(artwork), {"revision": 0, "alt": "x"}), 409, "edit_conflict")
        refused_field(client.patch(of(artwork), {"alt": "x"}), "revision", "required")
        refused(client.delete(of(artwork), headers={"If-Match": '"0"'}), 409, "edit_conflict")
        refused_field(client.patch(of(artwork), {"revision": 1, "focal_x": 2}), "focal_x", "invalid")
        refused_field(client.patch(of(artwork), {"revision": 1, "focal_x": "0.5"}), "focal_x", "invalid")
        refused_field(client.patch(of(artwork), {"revision": 1, "kind": "logo"}), "kind", "unknown_field")
    assert client.delete(of(artwork), headers={"If-Match": '"1"'}).status_code == 204
    artwork.refresh_from_db()
    assert artwork.dropped
    refused(client.get(of(artwork)), 404, "not_found")


def test_a_person_has_no_revision_to_see(sign_in: SignIn, esha: User) -> None:
    person, client = PersonFactory(), sign_in(esha)
    sent = send(client, person, kind="portrait")

    assert (sent.status_code, sent.json()["revision"]) == (201, None)
    artwork = Artwork.objects.get()
    assert client.patch(of(artwork), {"alt": "Smiling"}).json()["alt"] == "Smiling"
    assert client.delete(of(artwork)).status_code == 204


def test_what_is_no_picture_of_its_kind_is_refused(sign_in: SignIn, esha: User) -> None:
    title, client = TitleFactory(), sign_in(esha)
    text = SimpleUploadedFile("poster.jpg", b"<svg onload=alert(1)>", content_type="image/jpeg")
    person = PersonFactory()
    small = SimpleUploadedFile("poster.jpg", jpeg((60, 90)), content_type="image/jpeg")

    with same_desk():
        refused_field(send(client, title, file=text), "file", "unsupported_picture")
        refused_field(send(client, title, file=small), "file", "too_small")
        refused_field(send(client, title, file=None), "file", "required")
        refused_field(send(client, title, file="text"), "file", "invalid")
        refused_field(send(client, title, kind="hologram"), "kind", "invalid_choice")
        refused_field(send(client, title, language="xx"), "language", "invalid_choice")
        refused_field(send(client, title, focal_x="nan"), "focal_x", "invalid")
        refused_field(send(client, title, title=None), "title")
        refused_field(send(client, title, title=str(uuid4())), "title", "does_not_exist")
        refused_field(send(client, title, person=str(person.public_id)), "title")
        refused_field(send(client, title, state="ready"), "state", "unknown_field")


def test_a_body_beyond_all_measure_is_not_read(
    sign_in: SignIn, esha: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cms_artwork, "MOST_SENT", 1000)

    with same_desk():
        refused(send(sign_in(esha), TitleFactory.build()), 413, "payload_too_large")


def test_a_picture_comes_as_a_form_and_all_else_as_json(sign_in: SignIn, esha: User) -> None:
    client = sign_in(esha)

    refused(client.post(ARTWORK, {"kind": "poster"}), 415, "unsupported_media_type")
    other = form(client, f"{CMS}/titles", {"name": "Form"})
    refused(other, 415, "unsupported_media_type")
    assert not Title.objects.exists()


def test_the_same_upload_with_a_key_is_stored_once(sign_in: SignIn, esha: User) -> None:
    title, client = TitleFactory(), sign_in(esha)
    client.credentials(**client._credentials, HTTP_IDEMPOTENCY_KEY="k")  # type: ignore[attr-defined]
    first, again = send(client, title), send(client, title)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotent-Replay"] == "true"
    assert Artwork.objects.count() == 1
    other = SimpleUploadedFile("poster.jpg", jpeg(shade=99), content_type="image/jpeg")
    refused(send(client, title, file=other), 422, "idempotency_mismatch")


def test_lists_tell_whose_they_are(sign_in: SignIn, ravi: User) -> None:
    title, person = TitleFactory(complete=True), PersonFactory()
    ArtworkFactory(person=person, kind=Artwork.Kind.PORTRAIT)
    client = sign_in(ravi)

    def kinds(**query: Any) -> list[str]:
        return sorted(one["kind"] for one in client.get(ARTWORK, query).json()["results"])

    assert kinds(title=title.public_id) == ["backdrop", "poster"]
    assert kinds(person=person.public_id) == ["portrait"]
    assert len(kinds()) == 3


def test_pictures_are_for_editors_and_wait_for_the_review(sign_in: SignIn, esha: User, ravi: User) -> None:
    title = TitleFactory(complete=True, kind=Kind.MOVIE)
    artwork = title.artworks.first()
    reviewer = sign_in(ravi)
    with same_desk():
        refused(send(reviewer, title), 403, "permission_denied")
        refused(reviewer.patch(of(artwork), {"revision": 0, "alt": "x"}), 403, "permission_denied")
        refused(reviewer.delete(of(artwork), headers={"If-Match": '"0"'}), 403, "permission_denied")
    publishing.submit(title, by=esha)
    client = sign_in(esha)
    with same_desk():
        refused(send(client, title), 409, "locked")
        refused(client.patch(of(artwork), {"revision": 0, "alt": "x"}), 409, "locked")
        refused(client.delete(of(artwork), headers={"If-Match": '"0"'}), 409, "locked")
