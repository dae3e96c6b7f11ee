"""The deeds of the workflow through the editorial API, and what it tells of a title."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tests.steps import SignIn, refused, refused_field
from apps.catalog.models import Kind, Release, Title, TitleVersion
from apps.catalog.services import publishing
from apps.workflow.models import Transition
from apps.workflow.moves import State

from .cms import of, same_desk, went_live
from .factories import TitleFactory

pytestmark = pytest.mark.django_db
SOON = "2030-01-01T00:00:00Z"


@pytest.fixture
def title(groups: None) -> Title:
    return TitleFactory(complete=True, name="Sintel")


@pytest.fixture
def live(title: Title, esha: User, ravi: User, priya: User) -> Title:
    went_live(title, esha, ravi, priya)
    return title


def stands(answer: Any, state: str, live_version: int | None) -> None:
    assert answer.status_code == 200, answer.content
    assert (answer.json()["state"], answer.json()["live_version"]) == (state, live_version)


def test_a_title_goes_its_whole_way_through_the_hands_of_three(
    sign_in: SignIn, esha: User, ravi: User, priya: User, title: Title
) -> None:
    editor, reviewer, publisher = sign_in(esha), sign_in(ravi), sign_in(priya)

    stands(editor.post(of(title, "submit"), {}), "in_review", None)
    stands(
        reviewer.post(of(title, "request-changes"), {"note": "Longer synopsis."}), "changes_requested", None
    )
    stands(editor.post(of(title, "submit"), {"note": "Done."}), "in_review", None)
    stands(editor.post(of(title, "withdraw"), {}), "draft", None)
    stands(editor.post(of(title, "submit"), {}), "in_review", None)
    stands(reviewer.post(of(title, "approve"), {}), "approved", None)
    stands(publisher.post(of(title, "schedule"), {"at": SOON}), "scheduled", None)
    stands(publisher.post(of(title, "unschedule"), {}), "approved", None)
    stands(publisher.post(of(title, "publish"), {"note": "At last."}), "published", 1)
    stands(editor.post(of(title, "revise"), {}), "draft", 1)
    stands(editor.post(of(title, "discard"), {}), "published", 1)
    stands(publisher.post(of(title, "unpublish"), {"note": "Rights."}), "unpublished", None)
    stands(publisher.post(of(title, "archive"), {}), "archived", None)
    stands(publisher.post(of(title, "restore"), {}), "draft", None)
    stands(publisher.post(of(title, "rollback"), {"number": 1, "note": "Back."}), "draft", 1)

    history = editor.get(of(title, "history")).json()["results"]
    assert [one["move"] for one in reversed(history)] == [
        "submit", "request_changes", "submit", "withdraw", "submit", "approve", "schedule", "unschedule",
        "publish", "revise", "discard", "unpublish", "archive", "restore", "roll_back",
    ]  # fmt: skip
    assert history[-1] == {
        "at": history[-1]["at"],
        "by": esha.email,
        "move": "submit",
        "source": "draft",
        "target": "in_review",
        "note": "",
        "facts": {},
    }
    assert history[6]["note"] == "At last."


def test_every_failed_gate_is_listed_at_once(sign_in: SignIn, esha: User) -> None:
    bare, client = TitleFactory(), sign_in(esha)

    with same_desk():
        answer = client.post(of(bare, "submit"), {})

    refused(answer, 409, "gates_unmet")
    gates = {one["code"]: one for one in answer.json()["gates"]}
    assert set(gates) == {
        "asset_ready", "has_poster", "has_backdrop", "has_name", "has_synopsis", "has_rating",
        "has_descriptors", "has_window",
    }  # fmt: skip
    assert gates["has_synopsis"]["path"] == "texts.en.synopsis"
    assert all(one["detail"] for one in gates.values())
    checklist = client.get(of(bare, "checklist")).json()
    assert not checklist["ready"]
    assert {one["code"] for one in checklist["gates"] if not one["met"]} == set(gates)
    assert all((one["detail"] == "") is one["met"] for one in checklist["gates"])


def test_nobody_approves_their_own_change(sign_in: SignIn, omar: User, title: Title) -> None:
    client = sign_in(omar)
    stands(client.patch(of(title), {"revision": 0, "name": "Mine"}), "draft", None)
    client.post(of(title, "submit"), {})

    with same_desk():
        answer = client.post(of(title, "approve"), {})

    refused(answer, 409, "gates_unmet")
    assert [one["code"] for one in answer.json()["gates"]] == ["four_eyes"]


def test_a_deed_out_of_turn_is_refused(sign_in: SignIn, omar: User, title: Title) -> None:
    client = sign_in(omar)
    bodies: dict[str, dict[str, Any]] = {
        "withdraw": {},
        "request-changes": {"note": "No."},
        "approve": {},
        "revise": {},
        "publish": {},
        "schedule": {"at": SOON},
        "unschedule": {},
        "restore": {},
    }
    with same_desk():
        for name, body in bodies.items():
            refused(client.post(of(title, name), body), 409, "wrong_state")
        refused(client.post(of(title, "unpublish"), {"note": "No."}), 409, "gates_unmet")
        refused(client.post(of(title, "discard"), {}), 409, "gates_unmet")
        refused(client.post(of(title, "rollback"), {"number": 1, "note": "No."}), 404, "not_found")


def test_a_deed_takes_what_it_says_and_no_more(sign_in: SignIn, omar: User, live: Title) -> None:
    client = sign_in(omar)

    with same_desk():
        refused_field(client.post(of(live, "unpublish"), {}), "note", "required")
        refused_field(client.post(of(live, "unpublish"), {"note": "  "}), "note", "blank")
        refused_field(client.post(of(live, "revise"), {"state": "approved"}), "state", "unknown_field")
        refused_field(client.post(of(live, "revise"), {"note": "x" * 2001}), "note", "max_length")
        refused_field(client.post(of(live, "revise"), {"note": "a\x07b"}), "note", "control")
        refused_field(client.post(of(live, "schedule"), {}), "at", "required")
        refused_field(client.post(of(live, "schedule"), {"at": "2030-01-01T00:00:00"}), "at", "zone")
        refused_field(client.post(of(live, "rollback"), {"note": "x"}), "number", "required")
        refused_field(client.post(of(live, "rollback"), {"note": "x", "number": 0}), "number", "min_value")
        for name in ("submit", "approve", "publish"):
            refused(client.post(f"{of(live)[:-36]}{uuid4()}/{name}", {}), 404, "not_found")


def test_a_schedule_has_to_lie_ahead(sign_in: SignIn, esha: User, ravi: User, priya: User) -> None:
    title = TitleFactory(complete=True)
    publishing.submit(title, by=esha)
    publishing.approve(title, by=ravi)
    client, past = sign_in(priya), (timezone.now() - timedelta(minutes=1)).isoformat()

    with same_desk():
        refused_field(client.post(of(title, "schedule"), {"at": past}), "at", "past")
    stands(client.post(of(title, "schedule"), {"at": SOON, "note": "New year."}), "scheduled", None)
    release = Release.objects.get()
    assert (release.at, release.note) == (datetime(2030, 1, 1, tzinfo=UTC), "New year.")
    with same_desk():
        refused(client.post(of(title, "schedule"), {"at": SOON}), 409, "already_scheduled")


def test_what_is_live_can_be_scheduled_to_come_down(sign_in: SignIn, priya: User, live: Title) -> None:
    answer = sign_in(priya).post(of(live, "schedule"), {"at": SOON, "action": "unpublish"})

    stands(answer, "published", 1)
    assert Release.objects.get().action == "unpublish"


def test_a_repeated_deed_with_a_key_is_done_once(sign_in: SignIn, priya: User, live: Title) -> None:
    client, body = sign_in(priya), {"number": 1, "note": "Again."}
    for _ in range(2):
        stands(client.post(of(live, "rollback"), body, headers={"Idempotency-Key": "k"}), "draft", 1)

    assert Transition.objects.filter(move="roll_back").count() == 1


# --- Versions ----------------------------------------------------------------------------------------


def test_versions_are_told_the_newest_first(
    sign_in: SignIn, esha: User, ravi: User, priya: User, live: Title
) -> None:
    client = sign_in(esha)
    client.patch(of(live), {"revision": live.revision, "texts": {"en": {"name": "Sintel, again"}}})
    went_live(live, esha, ravi, priya)

    rows = client.get(of(live, "versions")).json()["results"]
    assert [(row["number"], row["live"], row["by"]) for row in rows] == [
        (2, True, priya.email),
        (1, False, priya.email),
    ]
    one = client.get(of(live, "versions", "1")).json()
    version = TitleVersion.objects.get(number=1)
    assert (one["checksum"], one["source"]) == (version.checksum, version.source)
    assert set(one["documents"]) == {"en", "hi"}
    for number in (3, 10**30):
        refused(client.get(of(live, "versions", str(number))), 404, "not_found")


def test_a_difference_is_told_field_by_field(
    sign_in: SignIn, esha: User, ravi: User, priya: User, live: Title
) -> None:
    client = sign_in(esha)
    assert client.get(of(live, "diff")).json() == {"changes": []}
    client.patch(of(live), {"revision": live.revision, "texts": {"en": {"synopsis": "Shorter."}}})

    changes = client.get(of(live, "diff")).json()["changes"]
    assert [(one["path"], one["kind"], one["after"]) for one in changes] == [
        ("texts.en.synopsis", "changed", "Shorter.")
    ]
    back = client.get(of(live, "diff"), {"from": "draft", "to": "1"}).json()["changes"]
    assert back[0]["before"] == "Shorter."
    went_live(live, esha, ravi, priya)
    assert client.get(of(live, "diff"), {"from": "1", "to": "2"}).json()["changes"] == changes
    refused(client.get(of(live, "diff"), {"from": "7"}), 404, "not_found")
    for wrong in ("x", "0", "-1", "", "1.5", "9" * 10):
        refused_field(client.get(of(live, "diff"), {"to": wrong}), "to", "invalid")


def test_rolling_back_can_restore_the_desk(sign_in: SignIn, esha: User, priya: User, live: Title) -> None:
    revision = live.revision
    sign_in(esha).patch(of(live), {"revision": revision, "name": "Changed", "maturity": "A"})

    answer = sign_in(priya).post(
        of(live, "rollback"), {"number": 1, "restore_desk": True, "note": "Not like that."}
    )
    stands(answer, "published", 1)
    live.refresh_from_db()
    assert (live.name, live.maturity) == ("Sintel", 0)


# --- Plans -------------------------------------------------------------------------------------------


def test_whoever_works_on_it_says_whose_turn_it_is(
    sign_in: SignIn, esha: User, ravi: User, title: Title
) -> None:
    publishing.submit(title, by=esha)
    body = {"assignee": "RAVI@example.com", "due_on": "2027-01-31", "priority": "urgent"}
    answer = sign_in(ravi).patch(of(title, "plan"), body)

    assert answer.status_code == 200, answer.content
    assert answer.json() == body | {"assignee": ravi.email}
    title.refresh_from_db()
    assert (title.assignee, title.priority, title.state, title.revision) == (ravi, 40, State.IN_REVIEW, 0)
    assert sign_in(esha).patch(of(title, "plan"), {"assignee": None}).json()["assignee"] is None


def test_a_plan_names_somebody_who_works_here(
    sign_in: SignIn, esha: User, viewer: User, title: Title
) -> None:
    client = sign_in(esha)

    with same_desk():
        for email in (viewer.email, "nobody@example.com"):
            refused_field(client.patch(of(title, "plan"), {"assignee": email}), "assignee", "not_staff")
        refused_field(client.patch(of(title, "plan"), {"priority": 40}), "priority", "invalid_choice")
        refused_field(client.patch(of(title, "plan"), {"due_on": "soon"}), "due_on", "invalid")


def test_a_series_is_judged_by_its_episodes(sign_in: SignIn, esha: User) -> None:
    series = TitleFactory(kind=Kind.SERIES)

    answer = sign_in(esha).post(of(series, "submit"), {})

    assert "has_episodes" in {one["code"] for one in answer.json()["gates"]}


def test_nobody_approves_what_they_have_not_read(
    sign_in: SignIn, esha: User, ravi: User, title: Title
) -> None:
    editor, reviewer = sign_in(esha), sign_in(ravi)
    editor.patch(of(title), {"revision": 0, "name": "Changed since"})
    editor.post(of(title, "submit"), {"revision": 1})

    with same_desk():
        refused(reviewer.post(of(title, "approve"), {"revision": 0}), 409, "edit_conflict")
        stale = reviewer.post(of(title, "approve"), {}, headers={"If-Match": '"0"'})
        refused(stale, 409, "edit_conflict")
    stands(reviewer.post(of(title, "approve"), {}, headers={"If-Match": '"1"'}), "approved", None)


def test_a_draft_is_previewed_by_a_link_that_anybody_can_open(
    sign_in: SignIn, ravi: User, api: Any, title: Title
) -> None:
    client = sign_in(ravi)
    answer = client.get(of(title, "preview"), {"language": "hi"})

    assert answer.status_code == 200, answer.content
    assert answer["Cache-Control"] == "no-store"
    shown = answer.json()
    assert (shown["language"], shown["document"]["name"]) == ("hi", "Sintel हिन्दी")
    assert "/preview/" in shown["url"]
    refused_field(client.get(of(title, "preview"), {"language": "fr"}), "language", "invalid_choice")
    Title.objects.filter(pk=title.pk).update(state=State.ARCHIVED)
    refused(client.get(of(title, "preview")), 409, "wrong_state")
