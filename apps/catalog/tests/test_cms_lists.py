"""Finding titles through the editorial API, and who may."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tests.factories import ProfileFactory, UserFactory
from apps.accounts.tests.steps import SignIn, refused, refused_field
from apps.catalog.models import Kind, Title

from .cms import TITLES, of, same_desk
from .factories import TitleFactory

pytestmark = pytest.mark.django_db


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [one["name"] for one in answer.json()["results"]]


def test_the_list_is_filtered_and_goes_from_the_latest_change(sign_in: SignIn, ravi: User) -> None:
    old = TitleFactory(name="Old", kind=Kind.SERIES)
    Title.objects.filter(pk=old.pk).update(updated_at=timezone.now() - timedelta(days=2))
    hindi = TitleFactory(name="Working name", slug="an-address", assignee=ravi)
    hindi.texts.create(language="hi", name="सिंटेल")
    client = sign_in(ravi)
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()

    assert names(client.get(TITLES)) == ["Working name", "Old"]
    assert names(client.get(TITLES, {"kind": "series"})) == ["Old"]
    assert names(client.get(TITLES, {"state": "published"})) == []
    assert names(client.get(TITLES, {"q": "सिंटेल"})) == ["Working name"]
    assert names(client.get(TITLES, {"q": "ADDRESS"})) == ["Working name"]
    assert names(client.get(TITLES, {"q": "%"})) == []
    assert names(client.get(TITLES, {"assignee": ravi.email})) == ["Working name"]
    assert names(client.get(TITLES, {"updated_since": yesterday})) == ["Working name"]
    assert names(client.get(TITLES, {"updated_since": yesterday, "kind": "series"})) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("state", "gone"), ("kind", "opera"), ("updated_since", "yesterday"),
     ("updated_since", "2026-01-01T00:00:00"), ("q", "a\x00b"), ("assignee", "nobody"), ("page_size", "0"),
     ("cursor", "nonsense")],
)  # fmt: skip
def test_a_wrong_filter_is_named(sign_in: SignIn, ravi: User, name: str, value: str) -> None:
    refused_field(sign_in(ravi).get(TITLES, {name: value}), name)


def test_pages_follow_each_other(sign_in: SignIn, ravi: User) -> None:
    for number in range(5):
        TitleFactory(name=f"Title {number}")
    client = sign_in(ravi)
    page, seen = client.get(TITLES, {"page_size": 2, "kind": "movie"}).json(), []
    while True:
        seen += [one["name"] for one in page["results"]]
        if page["next"] is None:
            break
        page = client.get(page["next"]).json()

    assert seen == [f"Title {number}" for number in (4, 3, 2, 1, 0)]


def test_a_page_costs_the_same_however_many_are_on_it(
    sign_in: SignIn, ravi: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        TitleFactory(complete=True, assignee=ravi)
    client = sign_in(ravi)

    with django_assert_max_num_queries(6):
        client.get(TITLES)
    with django_assert_max_num_queries(20):
        client.get(of(Title.objects.first()))


def test_a_repeated_post_with_a_key_makes_one_title(sign_in: SignIn, esha: User) -> None:
    client, key = sign_in(esha), {"Idempotency-Key": "once"}
    first = client.post(TITLES, {"name": "Sintel"}, headers=key)
    again = client.post(TITLES, {"name": "Sintel"}, headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Title.objects.count() == 1
    refused(client.post(TITLES, {"name": "Other"}, headers=key), 422, "idempotency_mismatch")


# --- Who may -----------------------------------------------------------------------------------------


def test_only_staff_with_the_permission_gets_in(api: Any, sign_in: SignIn, viewer: User, ravi: User) -> None:
    title = TitleFactory()
    nobody_yet: User = UserFactory(is_staff=True)

    with same_desk():
        refused(api.get(TITLES), 401, "not_authenticated")
        refused(sign_in(viewer).get(TITLES), 403, "permission_denied")
        refused(sign_in(nobody_yet).get(TITLES), 403, "permission_denied")
        refused(sign_in(nobody_yet).get(of(title)), 403, "permission_denied")
        reviewer = sign_in(ravi)
        assert reviewer.get(of(title)).status_code == 200
        refused(reviewer.post(TITLES, {"name": "Mine"}), 403, "permission_denied")
        refused(reviewer.patch(of(title), {"name": "Mine", "revision": 0}), 403, "permission_denied")
        refused(reviewer.delete(of(title), headers={"If-Match": '"0"'}), 403, "permission_denied")


def test_a_kids_profile_of_a_member_of_staff_stays_out(sign_in: SignIn, omar: User) -> None:
    kid = ProfileFactory(account=omar, kid=True, maturity=7)
    grown = ProfileFactory(account=omar)

    refused(sign_in(omar, kid).get(TITLES), 403, "permission_denied")
    assert sign_in(omar, grown).get(TITLES).status_code == 200


def test_what_is_not_there_is_not_found(sign_in: SignIn, esha: User) -> None:
    client = sign_in(esha)
    path = f"{TITLES}/{uuid4()}"

    refused(client.get(path), 404, "not_found")
    refused(client.patch(path, {"name": "X", "revision": 0}), 404, "not_found")
    refused(client.delete(path, headers={"If-Match": '"0"'}), 404, "not_found")
