"""Releases and comments through the editorial API."""

from typing import Any
from uuid import uuid4

import pytest

from apps.accounts.models import User
from apps.accounts.tests.steps import SignIn, refused, refused_field
from apps.catalog.models import Kind, Release, Title
from apps.catalog.services import publishing
from apps.workflow.models import Comment
from apps.workflow.moves import State

from .cms import CMS, of, same_desk
from .factories import TitleFactory

pytestmark = pytest.mark.django_db
RELEASES = f"{CMS}/releases"
SOON, LATER = "2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z"


@pytest.fixture
def approved(esha: User, ravi: User) -> list[Title]:
    titles = [TitleFactory(complete=True) for _ in range(2)]
    for title in titles:
        publishing.submit(title, by=esha)
        publishing.approve(title, by=ravi)
    return titles


def bundle(*titles: Title, **fields: Any) -> dict[str, Any]:
    items = [{"title": str(title.public_id)} for title in titles]
    return {"name": "New year", "action": "publish", "at": SOON, "items": items} | fields


def states() -> list[str]:
    return list(Title.objects.order_by("pk").values_list("state", flat=True))


def test_a_bundle_is_put_together_armed_moved_and_cancelled(
    sign_in: SignIn, priya: User, approved: list[Title]
) -> None:
    client = sign_in(priya)
    made = client.post(RELEASES, bundle(approved[0]))

    assert made.status_code == 201, made.content
    release = Release.objects.get()
    assert made.json() == {
        "id": str(release.public_id),
        "name": "New year",
        "action": "publish",
        "at": SOON,
        "state": "draft",
        "by": priya.email,
        "note": "",
        "ran_at": None,
        "problem": "",
        "items": [{"title": str(approved[0].public_id), "season": None}],
    }
    both = {"items": bundle(*approved)["items"], "note": "Both."}
    assert len(client.patch(of(release), both).json()["items"]) == 2
    assert client.post(of(release, "arm"), {}).json()["state"] == "waiting"
    assert states() == [State.SCHEDULED] * 2
    assert client.post(of(release, "reschedule"), {"at": LATER}).json()["at"] == LATER
    with same_desk():
        refused(client.patch(of(release), {"name": "Other"}), 409, "wrong_state")
        refused(client.post(of(release, "arm"), {}), 409, "wrong_state")
    assert client.post(of(release, "disarm"), {}).json()["state"] == "draft"
    assert client.post(of(release, "cancel"), {"note": "No."}).json()["state"] == "cancelled"
    assert states() == [State.APPROVED] * 2
    found = client.get(RELEASES, {"state": "cancelled", "title": str(approved[1].public_id)}).json()
    assert [one["id"] for one in found["results"]] == [str(release.public_id)]
    assert client.get(RELEASES, {"state": "waiting"}).json()["results"] == []


def test_what_is_in_the_way_of_any_title_is_told_of_all(
    sign_in: SignIn, priya: User, approved: list[Title]
) -> None:
    draft = TitleFactory()
    client = sign_in(priya)
    client.post(RELEASES, bundle(approved[0], draft))
    release = Release.objects.get()

    with same_desk():
        answer = client.post(of(release, "arm"), {})

    refused(answer, 409, "gates_unmet")
    assert {one["path"].split(".")[1] for one in answer.json()["gates"]} == {str(draft.public_id)}


def test_a_wrong_bundle_is_refused_by_its_field(sign_in: SignIn, priya: User, groups: None) -> None:
    title, client = TitleFactory(kind=Kind.SERIES), sign_in(priya)
    shown = title.seasons.create(number=1)
    item = {"title": str(title.public_id), "season": str(shown.public_id)}

    with same_desk():
        refused_field(client.post(RELEASES, bundle(title, name="")), "name", "blank")
        refused_field(client.post(RELEASES, bundle(title, action="burn")), "action", "invalid_choice")
        refused_field(client.post(RELEASES, bundle(title, at="2020-01-01T00:00:00Z")), "at", "past")
        refused_field(client.post(RELEASES, bundle(title, title)), "items.1.title", "unique")
        refused_field(client.post(RELEASES, bundle(title, items=[item])), "items.0.season", "invalid")
        missing = [{"title": str(uuid4())}]
        refused_field(client.post(RELEASES, bundle(items=missing)), "items.0.title", "does_not_exist")
        refused_field(client.post(RELEASES, bundle(title, state="done")), "state", "unknown_field")


def test_only_publishers_make_releases(
    sign_in: SignIn, esha: User, priya: User, approved: list[Title]
) -> None:
    sign_in(priya).post(RELEASES, bundle(*approved))
    release, client = Release.objects.get(), sign_in(esha)

    with same_desk():
        assert client.get(of(release)).status_code == 200
        refused(client.post(RELEASES, bundle(*approved)), 403, "permission_denied")
        refused(client.patch(of(release), {"name": "Mine"}), 403, "permission_denied")
        for deed, body in (("arm", {}), ("disarm", {}), ("cancel", {}), ("reschedule", {"at": LATER})):
            refused(client.post(of(release, deed), body), 403, "permission_denied")


# --- Comments ----------------------------------------------------------------------------------------


def test_editors_talk_about_a_title_and_settle_it(sign_in: SignIn, esha: User, ravi: User) -> None:
    title = TitleFactory()
    editor, reviewer = sign_in(esha), sign_in(ravi)
    asked = reviewer.post(of(title, "comments"), {"text": "Is the year right?\n@esha please look."})

    assert asked.status_code == 201, asked.content
    remark = Comment.objects.get()
    assert asked.json() == {
        "id": str(remark.public_id),
        "author": ravi.email,
        "text": "Is the year right?\n@esha please look.",
        "created_at": asked.json()["created_at"],
        "resolved_at": None,
        "resolved_by": None,
        "replies": [],
    }
    said = editor.post(of(title, "comments"), {"text": "It is.", "reply_to": str(remark.public_id)})
    assert [one["text"] for one in said.json()["replies"]] == ["It is."]
    at = of(title, "comments", str(remark.public_id))
    assert reviewer.post(f"{at}/resolve").json()["resolved_by"] == ravi.email
    assert reviewer.post(f"{at}/reopen").json()["resolved_by"] is None
    listed = editor.get(of(title, "comments")).json()["results"]
    assert [(one["text"][:2], len(one["replies"])) for one in listed] == [("Is", 1)]
    assert remark.mention_rows.get().user == esha


def test_a_comment_has_to_make_sense(sign_in: SignIn, esha: User) -> None:
    title, other, client = TitleFactory(), TitleFactory(), sign_in(esha)
    elsewhere = client.post(of(other, "comments"), {"text": "There."}).json()["id"]
    here = client.post(of(title, "comments"), {"text": "Here."}).json()["id"]
    reply = client.post(of(title, "comments"), {"text": "Yes.", "reply_to": here}).json()["replies"][0]["id"]

    with same_desk():
        refused_field(client.post(of(title, "comments"), {"text": " "}), "text", "blank")
        refused_field(client.post(of(title, "comments"), {"text": "x" * 4001}), "text", "max_length")
        refused_field(client.post(of(title, "comments"), {"text": "@nobody?"}), "text", "unknown_mention")
        wrong = {"text": "Yes.", "reply_to": elsewhere}
        refused_field(client.post(of(title, "comments"), wrong), "reply_to", "does_not_exist")
        refused_field(client.post(of(title, "comments", reply, "resolve")), "comment", "not_a_remark")
        refused(client.post(of(title, "comments", elsewhere, "resolve")), 404, "not_found")
