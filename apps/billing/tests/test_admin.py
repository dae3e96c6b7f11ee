"""Plans and subscriptions in the newsroom: what staff see and do, and who may."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import User
from apps.accounts.tests.factories import ProfileFactory, UserFactory
from apps.accounts.tests.steps import at_the_desk
from apps.billing.models import Plan, Subscription
from apps.billing.services import ending, subscribing
from apps.billing.services.subscribing import Cause
from apps.catalog.tests.pages import INPLACE, form_on, told

from .conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
SUBSCRIPTIONS, PLANS = "/admin/billing/subscription", "/admin/billing/plan"
END = NOON + timedelta(days=30)


@pytest.fixture
def desk(sasha: User) -> Client:
    return at_the_desk(sasha)


@pytest.fixture
def held(viewer: User, premium: Plan) -> Subscription:
    return subscribing.grant(viewer, plan=premium, until=END, cause=Cause())


def clerk(*permissions: str) -> Client:
    """Of staff without more than these permissions."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return at_the_desk(user)


def deed(desk: Client, held: Subscription, name: str, **given: Any) -> Any:
    return desk.post(f"{SUBSCRIPTIONS}/{held.pk}/deeds/{name}/", given)


def when(moment: Any) -> dict[str, str]:
    return {"until_0": f"{moment:%Y-%m-%d}", "until_1": f"{moment:%H:%M:%S}"}


# --- Granting ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("until", [END, None])
def test_staff_grant_a_plan(desk: Client, sasha: User, viewer: User, premium: Plan, until: Any) -> None:
    page = desk.get(f"{SUBSCRIPTIONS}/add/")
    assert b"admin/autocomplete/" in page.content
    assert [str(one) for one in page.context["adminform"].form.fields["plan"].queryset] == [
        "Premium",
        "Family",
    ]

    sent = {"account": viewer.pk, "plan": premium.pk, "note": "A gift.", **(when(until) if until else {})}
    answer = desk.post(f"{SUBSCRIPTIONS}/add/", sent)

    held = Subscription.objects.get()
    assert answer["Location"] == f"{SUBSCRIPTIONS}/{held.pk}/change/"
    assert told(answer) == ["Granted. It holds from now on."]
    assert (held.account, held.plan, held.starts_at, held.ends_at) == (viewer, premium, NOON, until)
    assert (held.granted_by, held.changes.get().note) == (sasha, "A gift.")


def test_a_refusal_is_told_on_the_form(desk: Client, held: Subscription, premium: Plan) -> None:
    sent = {"account": held.account_id, "plan": premium.pk}
    twice = desk.post(f"{SUBSCRIPTIONS}/add/", sent)
    past = desk.post(f"{SUBSCRIPTIONS}/add/", sent | {"account": UserFactory().pk} | when(NOON))

    assert b"This account has a plan already." in twice.content
    assert b"It must end later than" in past.content
    assert Subscription.objects.get() == held


def test_the_log_of_the_admin_names_nobody(desk: Client, sasha: User, viewer: User, premium: Plan) -> None:
    desk.post(f"{SUBSCRIPTIONS}/add/", {"account": viewer.pk, "plan": premium.pk})

    entry = sasha.logentry_set.get()
    assert entry.object_repr == "Premium since 01 Jun 2026"
    assert entry.object_id == str(Subscription.objects.get().pk)


# --- Deeds ---------------------------------------------------------------------------------------------


def test_staff_extend_change_cancel_and_end(desk: Client, held: Subscription, plans: dict[str, Plan]) -> None:
    later = END + timedelta(days=30)
    assert told(deed(desk, held, "extend", **when(later))) == ["Extend: done."]
    deed(desk, held, "change", plan=plans["family"].pk, note="They asked.")
    deed(desk, held, "cancel")
    held.refresh_from_db()
    assert (held.ends_at, held.plan.slug, held.cancelled_at) == (later, "family", NOON)
    deed(desk, held, "keep")
    held.refresh_from_db()
    assert (held.ends_at, held.cancelled_at) == (None, None)
    deed(desk, held, "end")
    held.refresh_from_db()
    assert held.state == "ended"
    assert [one.what for one in held.changes.order_by("pk")] == [
        "granted", "extended", "plan_changed", "cancelled", "extended", "cancelled", "ended",
    ]  # fmt: skip


def test_a_deed_that_is_refused_says_why_in_its_dialog(desk: Client, held: Subscription) -> None:
    answer = desk.post(f"{SUBSCRIPTIONS}/{held.pk}/deeds/extend/", when(NOON), **INPLACE)

    assert answer.status_code == 200
    assert b"It must end later than 01 Jul 2026" in answer.content
    assert b"This field is required." in deed(desk, held, "extend").content
    assert desk.get(f"{SUBSCRIPTIONS}/{held.pk}/deeds/nothing/").status_code == 404
    assert desk.post(f"{SUBSCRIPTIONS}/0/deeds/end/").status_code == 404


def test_looking_at_a_deed_does_nothing(desk: Client, held: Subscription) -> None:
    for name in ("extend", "keep", "change", "cancel", "end"):
        assert desk.get(f"{SUBSCRIPTIONS}/{held.pk}/deeds/{name}/").status_code == 200
    held.refresh_from_db()
    assert (held.state, held.changes.count()) == ("active", 1)


def test_a_deed_from_another_site_is_refused(sasha: User, held: Subscription) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(sasha, backend="apps.accounts.authentication.PasswordBackend")

    assert deed(client, held, "end").status_code == 403
    held.refresh_from_db()
    assert held.state == "active"


@pytest.mark.parametrize(
    ("become", "offered"),
    [
        ("active", ["Extend", "For good", "Another plan", "Cancel", "End at once"]),
        ("for good", ["Another plan", "End at once"]),
        ("cancelled", ["Extend", "For good", "Another plan", "End at once"]),
        ("in_grace", ["Extend", "For good", "Another plan", "End at once"]),
        ("ended", []),
    ],
)
def test_the_page_offers_what_makes_sense_and_shows_the_record(
    desk: Client, held: Subscription, become: str, offered: list[str]
) -> None:
    if become == "for good":
        subscribing.extend(held, until=None, cause=Cause())
    elif become == "cancelled":
        subscribing.cancel(held, cause=Cause())
    elif become == "in_grace":
        ending.settle_due(END)
    elif become == "ended":
        subscribing.cancel(held, at_once=True, cause=Cause())

    page = desk.get(f"{SUBSCRIPTIONS}/{held.pk}/change/")

    assert [one["move"].label for one in page.context.get("deeds", [])] == offered
    assert b"granted" in page.content
    assert held.account.email.encode() in page.content


# --- Who may -------------------------------------------------------------------------------------------


def test_who_may_look_may_not_touch(held: Subscription, viewer: User, premium: Plan) -> None:
    looker = clerk("view_subscription")

    assert looker.get(f"{SUBSCRIPTIONS}/{held.pk}/change/").context.get("deeds") is None
    assert looker.get(f"{SUBSCRIPTIONS}/add/").status_code == 403
    assert deed(looker, held, "end").status_code == 403
    grant = {"account": UserFactory().pk, "plan": premium.pk}
    assert looker.post(f"{SUBSCRIPTIONS}/add/", grant).status_code == 403
    assert Subscription.objects.get().state == "active"


def test_support_grants_and_ends_but_sets_no_plan_up(held: Subscription, premium: Plan) -> None:
    support = clerk("add_subscription", "change_subscription", "view_subscription", "view_plan", "view_user")

    support.post(f"{SUBSCRIPTIONS}/add/", {"account": UserFactory().pk, "plan": premium.pk})
    assert Subscription.objects.count() == 2
    deed(support, held, "end")
    held.refresh_from_db()
    assert held.state == "ended"
    assert support.get(f"{PLANS}/{premium.pk}/change/").status_code == 200
    assert support.post(f"{PLANS}/{premium.pk}/change/", {"name": "Gold"}).status_code == 403
    act = {"action": "make_default", "_selected_action": [premium.pk]}
    support.post(f"{PLANS}/", act)
    assert Plan.objects.get(is_default=True).slug == "free"


# --- Plans ---------------------------------------------------------------------------------------------


def test_a_superuser_changes_a_plan(desk: Client, premium: Plan) -> None:
    form = form_on(desk.get(f"{PLANS}/{premium.pk}/change/"), "plan_form")
    assert "slug" not in form

    odd = desk.post(f"{PLANS}/{premium.pk}/change/", form | {"streams": 0, "price_minor": 19900})
    assert b"1 to 20 streams." in odd.content
    assert b"A price needs a currency" in odd.content
    desk.post(f"{PLANS}/{premium.pk}/change/", form | {"streams": 3, "price_minor": 19900, "currency": "INR"})

    premium.refresh_from_db()
    assert (premium.slug, premium.streams, premium.price_minor) == ("premium", 3, 19900)
    assert desk.post(f"{PLANS}/{premium.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_superuser_adds_a_plan_and_makes_it_everybodys(desk: Client, plans: dict[str, Plan]) -> None:
    form = form_on(desk.get(f"{PLANS}/add/"), "plan_form")
    desk.post(f"{PLANS}/add/", form | {"name": "Basic", "slug": "basic", "tier": 0})
    basic = Plan.objects.get(slug="basic")

    answer = desk.post(f"{PLANS}/", {"action": "make_default", "_selected_action": [basic.pk]})

    assert told(answer)[-1] == "Who has no other plan has Basic now."
    assert Plan.objects.get(is_default=True) == basic


# --- Lists and the page of an account --------------------------------------------------------------------


def test_lists_cost_the_same_however_long_they_are(
    desk: Client, premium: Plan, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        subscribing.grant(UserFactory(), plan=premium, cause=Cause())

    for page in ("subscription", "subscriptionchange", "plan"):
        with django_assert_max_num_queries(14):
            assert desk.get(f"/admin/billing/{page}/").status_code == 200


def test_subscriptions_are_found_by_address(desk: Client, held: Subscription, premium: Plan) -> None:
    subscribing.grant(UserFactory(), plan=premium, cause=Cause())

    page = desk.get(f"{SUBSCRIPTIONS}/?q={held.account.email}&state__exact=active")

    assert [one.pk for one in page.context["cl"].result_list] == [held.pk]


def test_the_page_of_an_account_shows_its_plan_and_saves_beside_it(
    desk: Client, held: Subscription, viewer: User
) -> None:
    ProfileFactory(account=viewer)
    at = f"/admin/accounts/user/{viewer.pk}/change/"
    page = desk.get(at)
    assert f"{SUBSCRIPTIONS}/{held.pk}/change/" in page.content.decode()

    answer = desk.post(at, form_on(page, "user_form") | {"country": "NP"})

    assert answer.status_code == 302, answer.content
    viewer.refresh_from_db()
    assert viewer.country == "NP"
    assert Subscription.objects.get().state == "active"
