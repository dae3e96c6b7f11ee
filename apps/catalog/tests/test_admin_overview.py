"""The overview, the search and the ways around the newsroom."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.catalog.models import ListingWindow, Release, TickerBeat, Title, TitleText
from apps.catalog.services import publishing, releases
from apps.core import jobs
from apps.workflow.services import planning

from .factories import PersonFactory, TitleFactory, staff
from .newsday import again, approved, edit
from .pages import Desk, nothing_changes

pytestmark = pytest.mark.django_db


def board(user: User) -> tuple[dict[str, Any], str]:
    answer = Desk(user).client.get("/admin/")
    assert answer.status_code == 200
    return answer.context["board"], answer.content.decode()


def gap(shown: dict[str, Any], label: str) -> list[str]:
    (found,) = [one for one in shown["gaps"] if label in one["label"]]
    return [row["name"] for row in found["rows"]]


def test_everybody_sees_what_waits_for_them_and_why(esha: User, ravi: User, priya: User) -> None:
    title = TitleFactory(complete=True, name="Sintel")
    planning.plan(title, by=esha, assignee=esha, due_on=timezone.now().date(), priority=40)
    assert [(row["title"].name, row["because"]) for row in board(esha)[0]["queue"]] == [
        ("Sintel", "Assigned to you")
    ]
    publishing.submit(title, by=esha)
    assert [row["because"] for row in board(ravi)[0]["queue"]] == ["Waits for a review"]
    publishing.approve(title, by=ravi)
    assert [row["because"] for row in board(priya)[0]["queue"]] == ["Approved, waits to be published"]


def test_states_are_counted_and_lead_to_their_lists(esha: User) -> None:
    for _ in range(3):
        TitleFactory()
    shown, page = board(esha)
    counts = {one["state"]: one["count"] for one in shown["states"]}
    assert (counts["draft"], counts["in_review"]) == (3, 0)
    (draft,) = [one for one in shown["states"] if one["state"] == "draft"]
    assert draft["url"] in page
    assert len(Desk(esha).client.get(draft["url"]).context["cl"].result_list) == 3


def test_what_slips_through_is_found(esha: User, ravi: User, priya: User) -> None:
    now = timezone.now()
    live = approved(esha, ravi, name="Live")
    publishing.publish(live, by=priya)
    translated = approved(esha, ravi, name="Translated")
    TitleText.objects.filter(title=translated, language="hi").update(synopsis="कहानी")
    publishing.publish(translated, by=priya)
    ListingWindow.objects.filter(listing__title=translated).update(ends_at=now + timedelta(days=3))
    TitleFactory(complete=True, name="Ready")
    TitleFactory(name="Cold")
    Title.objects.filter(name="Cold").update(updated_at=now - timedelta(days=31))

    shown, _ = board(esha)

    assert gap(shown, "Live without") == ["Live"]
    assert gap(shown, "Ready, but not") == ["Ready"]
    assert gap(shown, "Rights end") == ["Translated"]
    assert gap(shown, "idle for 30 days") == ["Cold"]


def test_a_ticker_that_does_not_look_is_told_loudly(esha: User) -> None:
    assert "Schedules do not run." in board(esha)[1]
    TickerBeat.objects.create(name="releases", at=timezone.now())
    page = board(esha)[1]
    assert ("Schedules do not run." in page) == (not releases.status(timezone.now()).alive)


def test_schedules_runs_and_their_problems_are_shown(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi, name="Sintel")
    release = releases.schedule(title, at=timezone.now() + timedelta(hours=2), by=priya)
    page = board(esha)[1]
    assert "data-countdown" in page
    Release.objects.filter(pk=release.pk).update(problem="Sintel: The video failed.")
    page = board(esha)[1]
    assert "cannot run at" in page
    assert "Sintel: The video failed." in page


def test_jobs_that_failed_are_named(esha: User) -> None:
    jobs.enqueue("apps.catalog.tasks.prepare_artwork", artwork_id="x")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed'")
    shown, page = board(esha)
    assert (shown["jobs"]["failed"], shown["jobs"]["waiting"]) == (1, 0)
    assert "catalog: prepare artwork" in page


def test_the_overview_costs_the_same_however_much_there_is(
    esha: User, ravi: User, priya: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        title = approved(esha, ravi, name=f"Title {number}")
        publishing.publish(title, by=priya)
        edit(again(title), esha, tagline="Other.")
        Desk(esha).post(Desk.url(title, "comment"), text="@priya, look.")
        waiting = approved(esha, ravi)
        releases.schedule(waiting, at=timezone.now() + timedelta(hours=2), by=priya)
        planning.plan(waiting, by=esha, assignee=priya)
    desk = Desk(priya)
    desk.client.get("/admin/")
    with django_assert_max_num_queries(28):
        assert desk.client.get("/admin/").status_code == 200


def test_who_looks_after_accounts_gets_a_plain_overview(groups: None) -> None:
    answer = Desk(staff()).client.get("/admin/")
    assert answer.status_code == 200
    assert "board" not in answer.context


# --- Search and navigation ------------------------------------------------------------------------


def search(user: User, term: str) -> list[str]:
    answer = Desk(user).client.get("/admin/search/", {"s": term, "extended": "1"})
    assert answer.status_code == 200
    return [one.title for one in answer.context["results"]] if term.strip() else []


def test_the_command_search_finds_titles_and_people(esha: User) -> None:
    TitleFactory(name="The return of Sintel")
    TitleFactory(name="Sintel")
    PersonFactory(name="Sinta Elisabeth")
    assert search(esha, "sint") == ["Sintel", "The return of Sintel", "Sinta Elisabeth"]
    assert search(esha, "s") != ["Sintel"]
    assert search(esha, " ") == []


def test_the_command_search_finds_only_what_one_may_see(groups: None) -> None:
    TitleFactory(name="Secret plans")
    assert search(staff(), "secret") == []


def test_the_search_shows_what_is_true_now(esha: User) -> None:
    title = TitleFactory(name="Before")
    assert search(esha, "before") == ["Before"]
    Desk(esha).save(title, name="After")
    assert (search(esha, "before"), search(esha, "after")) == ([], ["After"])


def entries(user: User) -> set[str]:
    navigation = Desk(user).client.get("/admin/").context["sidebar_navigation"]
    return {item["title"] for group in navigation for item in group["items"]}


def test_the_navigation_shows_everybody_their_own(esha: User, priya: User, groups: None) -> None:
    boss = UserFactory(is_staff=True, is_superuser=True)
    assert {"My queue", "Titles", "Releases", "Import and export"} <= entries(esha)
    assert "Accounts" not in entries(esha)
    assert "Import and export" not in entries(priya)
    assert {"Accounts", "Titles", "Groups"} <= entries(boss)
    assert entries(staff()) == {"Overview"}


def test_every_entry_of_the_navigation_opens(groups: None) -> None:
    desk = Desk(UserFactory(is_staff=True, is_superuser=True))
    navigation = desk.client.get("/admin/").context["sidebar_navigation"]
    links = [item["link"] for group in navigation for item in group["items"]]
    assert len(links) >= 20
    with nothing_changes():
        for link in links:
            assert desk.client.get(link).status_code == 200, link


def test_the_entry_of_the_page_is_marked_and_no_other(esha: User) -> None:
    def marked(path: str) -> list[str]:
        navigation = Desk(esha).client.get(path).context["sidebar_navigation"]
        return [item["title"] for group in navigation for item in group["items"] if item["active"]]

    assert marked("/admin/") == ["Overview"]
    assert marked("/admin/catalog/title/") == ["Titles"]
    assert marked("/admin/catalog/title/?queue=mine") == ["My queue"]
    assert marked("/admin/catalog/title/add/") == ["Titles"]


# --- The outside ----------------------------------------------------------------------------------


def test_viewers_and_strangers_are_sent_to_sign_in(viewer: User) -> None:
    title = TitleFactory()
    stranger, client = Client(), Client()
    client.force_login(viewer, backend="apps.accounts.authentication.PasswordBackend")
    pages = [
        "/admin/",
        Desk.url(title),
        *(Desk.url(title, page) for page in ("versions", "history", "preview")),
    ]
    posts = [Desk.url(title, "move", "submit"), Desk.url(title, "presence"), Desk.url(title, "comment"),
             f"/admin/catalog/artwork/of/title/{title.pk}/", "/admin/search/"]  # fmt: skip
    with nothing_changes():
        for one in (stranger, client):
            for page in pages:
                assert one.get(page)["Location"].startswith("/admin/login/"), page
            for page in posts:
                assert one.post(page)["Location"].startswith("/admin/login/"), page


def test_pages_carry_no_script_of_their_own_and_a_strict_policy(esha: User) -> None:
    answer = Desk(esha).open(TitleFactory(complete=True))
    policy = answer["Content-Security-Policy"]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert "'unsafe-inline'" not in scripts
    page = answer.content.decode()
    assert "<script>" not in page
    for attribute in ("onclick=", "onchange=", "onsubmit=", "javascript:"):
        assert attribute not in page, attribute
