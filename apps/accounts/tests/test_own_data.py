import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts import personal_data as holders
from apps.accounts.models import DataRequest, Profile, SecurityEvent, Session, User
from apps.accounts.services import personal_data
from apps.core import clients

from .factories import PASSWORD, ProfileFactory, UserFactory
from .steps import (
    REGISTER,
    V1,
    SignIn,
    alive,
    bearer,
    change,
    grant,
    kinds,
    login,
    mailed_token,
    refused,
    run_tidy,
    select,
    unchanged,
    use,
    work,
)  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)
EXPORT = f"{V1}/account/export"
ACCOUNT = f"{V1}/account"


def test_an_export_is_made_in_the_background_and_holds_everything(sign_in: SignIn, viewer: User) -> None:
    profile = ProfileFactory(account=viewer, name="आशा", pin="1234")
    ProfileFactory(name="Somebody else's")
    client = sign_in(viewer, profile, pin="1234")
    asked = client.get(EXPORT)
    work()
    done = client.get(EXPORT)
    data = done.json()["data"]

    assert (asked.status_code, asked.json()["state"], asked["Retry-After"]) == (202, "queued", "2")
    assert (done.status_code, done.json()["state"]) == (200, "done")
    assert asked.json()["id"] == done.json()["id"]
    assert data["accounts"]["account"]["email"] == viewer.email
    assert [one["name"] for one in data["accounts"]["profiles"]] == ["आशा"]
    assert len(data["accounts"]["sessions"]) == 1
    assert {one["kind"] for one in data["accounts"]["security_events"]} >= {"signed_in", "data_exported"}
    assert set(data) == {"account", "made_at", *holders.HOLDERS}


def test_an_export_holds_no_secrets(sign_in: SignIn, viewer: User) -> None:
    ProfileFactory(account=viewer, pin="1234")
    client = sign_in(viewer)
    client.get(EXPORT)
    work()
    text = client.get(EXPORT).content.decode()

    viewer.refresh_from_db()
    for secret in (
        "bcrypt",
        "pin_hash",
        "secret",
        'password"',
        "receipt",
        bytes(Session.objects.get().secret).hex(),
    ):
        assert secret not in text


def test_asking_again_gives_the_same_copy_and_posting_a_new_one(sign_in: SignIn, viewer: User) -> None:
    client = sign_in(viewer)
    first = client.get(EXPORT).json()["id"]
    assert client.post(EXPORT).json()["id"] == first
    work()
    assert client.get(EXPORT).json()["id"] == first
    second = client.post(EXPORT)

    assert second.status_code == 202
    assert second.json()["id"] != first
    assert DataRequest.objects.count() == 2


def test_a_copy_is_dropped_after_seven_days(sign_in: SignIn, viewer: User) -> None:
    sign_in(viewer).get(EXPORT)
    work()
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        personal_data.forget_copies()
        fresh = sign_in(viewer).get(EXPORT)

    assert fresh.status_code == 202
    assert set(DataRequest.objects.values_list("result", flat=True)) == {None}


def test_an_export_whose_job_gave_up_can_be_asked_for_anew(sign_in: SignIn, viewer: User) -> None:
    client = sign_in(viewer)
    stuck = client.get(EXPORT).json()["id"]
    DataRequest.objects.update(asked_at=timezone.now() - timedelta(hours=25))
    personal_data.pick_up_stuck()

    assert DataRequest.objects.get().state == "failed"
    assert client.get(EXPORT).json()["id"] != stuck


def fail_and_repeat() -> None:
    """Run what is due, whatever it was told to wait for."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
    work()


def broken(user: User) -> Any:
    raise RuntimeError("a holder is broken")


def test_an_export_has_failed_as_soon_as_its_last_try_has(
    sign_in: SignIn, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(viewer)
    first = client.get(EXPORT).json()["id"]
    with monkeypatch.context() as patch:
        patch.setitem(holders.HOLDERS, "other", holders.Holder("other", broken, broken))
        for _ in range(4):
            fail_and_repeat()
            assert DataRequest.objects.get().state == "running"
        fail_and_repeat()
        assert DataRequest.objects.get().state == "failed"
        fail_and_repeat()

    second = client.get(EXPORT).json()
    work()
    assert second["id"] != first
    assert client.get(EXPORT).json()["state"] == "done"
    assert DataRequest.objects.get(public_id=first).state == "failed"


def test_an_erasure_that_fails_five_times_stays_open_and_is_begun_again(
    sign_in: SignIn, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(viewer).delete(ACCOUNT, {"password": PASSWORD})
    with monkeypatch.context() as patch:
        patch.setitem(holders.HOLDERS, "other", holders.Holder("other", broken, broken))
        for _ in range(5):
            fail_and_repeat()
    assert DataRequest.objects.get().state == "running"
    DataRequest.objects.update(asked_at=timezone.now() - timedelta(hours=25))
    run_tidy()
    work()

    assert not User.objects.exists()


def test_an_erasure_whose_job_gave_up_is_begun_again(sign_in: SignIn, viewer: User) -> None:
    sign_in(viewer).delete(ACCOUNT, {"password": PASSWORD})
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    DataRequest.objects.update(asked_at=timezone.now() - timedelta(hours=25))
    run_tidy()
    work()

    assert not User.objects.exists()
    assert DataRequest.objects.get().state == "done"


def test_erasing_needs_the_password(sign_in: SignIn, viewer: User) -> None:
    client = sign_in(viewer)
    with unchanged():
        refused(client.delete(ACCOUNT), 400, "validation_error")
        refused(client.delete(ACCOUNT, {"password": "wrong"}), 403, "password_wrong")

    assert alive(client)


def test_staff_are_not_erased_before_their_rights_are_taken(sign_in: SignIn) -> None:
    staff = UserFactory(is_staff=True)
    client = sign_in(staff)
    with unchanged():
        refused(client.delete(ACCOUNT, {"password": "wrong"}), 403, "password_wrong")
        refused(client.delete(ACCOUNT, {"password": PASSWORD}), 409, "staff_account")
    assert alive(client)
    User.objects.update(is_staff=False)

    assert client.delete(ACCOUNT, {"password": PASSWORD}).status_code == 202


def test_an_account_is_shut_at_once_and_erased_in_the_background(
    sign_in: SignIn, viewer: User, profile: Profile
) -> None:
    tokens = grant(viewer)
    client = sign_in(viewer)
    answer = client.delete(ACCOUNT, {"password": PASSWORD})
    receipt = answer.json()["receipt_url"].partition("/api")[2]

    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert not alive(client)
    assert not alive(bearer(tokens["access"]))
    assert use(tokens["refresh"]).status_code == 401
    assert login(viewer.email).status_code == 401
    work()
    shown = APIClient().get(f"/api{receipt}")
    assert shown.status_code == 200
    assert shown["Cache-Control"] == "no-store"
    assert (shown.json()["state"], shown.json()["result"]["erased"]["accounts"]["profiles"]) == ("done", 1)
    assert shown.json()["result"]["erased"]["accounts"]["sessions"] == 2
    assert "DPDP" in shown.json()["result"]["kept"]["accounts"]
    assert set(shown.json()) == {"receipt_url", "state", "asked_at", "finished_at", "result"}


def test_a_receipt_is_found_by_its_own_address_alone(api: APIClient, sign_in: SignIn, viewer: User) -> None:
    client = sign_in(viewer)
    client.get(EXPORT)
    export = DataRequest.objects.get()

    refused(api.get(f"{V1}/account/erasures/{export.receipt}"), 404, "not_found")
    refused(api.get(f"{V1}/account/erasures/{'x' * 32}"), 404, "not_found")
    refused(api.get(f"{V1}/account/erasures/{export.public_id}"), 404, "not_found")


def everywhere(needle: str) -> set[str]:
    """`table.column` of every row of any table that holds the text, in whatever type of column."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        )
        columns = cursor.fetchall()
        found = set()
        for table, column in columns:
            cursor.execute(
                f'SELECT 1 FROM "{table}" WHERE "{column}"::text ILIKE %s LIMIT 1',  # noqa: S608 names of ours
                [f"%{needle}%"],
            )
            if cursor.fetchone():
                found.add(f"{table}.{column}")
    return found


def live_a_full_life(api: APIClient, admin_client: Any) -> User:
    """An account with a trace in every place that can hold one."""
    email = "asha.rao@example.com"
    body = {"email": email, "password": PASSWORD, "country": "IN"}
    api.post(REGISTER, body, HTTP_IDEMPOTENCY_KEY="first")
    api.post(f"{V1}/auth/email/verify", {"token": mailed_token()})
    api.post(REGISTER, body)
    user = User.objects.get(email=email)
    client = bearer(grant(user, HTTP_USER_AGENT="asha's television")["access"])
    client.post(f"{V1}/profiles", {"name": "Asha Rao", "pin": "1234"}, HTTP_IDEMPOTENCY_KEY="second")
    select(client, Profile.objects.get(account=user), pin="0000")
    select(client, Profile.objects.get(account=user), pin="1234")
    client.patch(f"{V1}/account", {"email": "asha.new@example.com", "password": PASSWORD})
    api.post(f"{V1}/auth/password/reset", {"email": email})
    client.get(EXPORT)
    work()
    user.refresh_from_db()
    change(admin_client, user, country="LK")
    client.post(f"{V1}/auth/email/resend")
    return user


def test_nothing_of_a_person_is_left_anywhere(
    api: APIClient, sign_in: SignIn, admin_client: Any, mongo: Any
) -> None:
    user = live_a_full_life(api, admin_client)
    assert {
        "accounts_user.email",
        "django_admin_log.object_repr",
        "core_idempotentanswer.body",
    } <= everywhere(user.email)
    user.set_password(PASSWORD)
    client = sign_in(user)
    sessions = [str(one) for one in Session.objects.filter(account=user).values_list("public_id", flat=True)]
    profile = str(Profile.objects.get().public_id)
    assert client.delete(ACCOUNT, {"password": PASSWORD}).status_code == 202
    work()

    for trace in (user.email, "asha", "Rao", "1234567890"):
        assert everywhere(trace) == set()
    # Named in the receipt: events under random ids, and the receipt itself.
    assert everywhere(str(user.public_id)) == {
        "accounts_securityevent.account", "accounts_datarequest.account_public_id",
    }  # fmt: skip
    assert everywhere(profile) == {"accounts_securityevent.facts"}
    assert all(everywhere(one) <= {"accounts_securityevent.session"} for one in sessions)
    assert in_redis(user.email, "asha", *sessions) == []
    assert in_mongo(mongo, user.email, "asha", str(user.public_id)) == []
    assert api.post(REGISTER, {"email": user.email, "password": PASSWORD}).status_code == 201


def in_redis(*needles: str) -> list[str]:
    """The keys of both roles that hold one of the texts."""
    found = []
    for client in (clients.durable(), clients.cache_role()):
        for key in client.scan_iter():
            kind = client.type(key)
            kept = client.hgetall(key) if kind in {"hash", b"hash"} else client.get(key)
            if any(needle in f"{key!r}{kept!r}" for needle in needles):
                found.append(str(key))
    return found


def in_mongo(database: Any, *needles: str) -> list[str]:
    documents = [
        json.dumps(one, default=str)
        for name in database.list_collection_names()
        for one in database[name].find()
    ]
    return [one for one in documents if any(needle in one for needle in needles)]


def test_others_lose_nothing_by_an_erasure(sign_in: SignIn, viewer: User) -> None:
    other = UserFactory()
    ProfileFactory(account=other)
    theirs = sign_in(other)
    theirs.get(EXPORT)
    work()
    sign_in(viewer).delete(ACCOUNT, {"password": PASSWORD})
    work()

    assert list(User.objects.all()) == [other]
    assert alive(theirs)
    assert theirs.get(EXPORT).status_code == 200
    assert cache.get("nothing") is None


def test_an_erasure_that_died_half_way_is_finished_by_the_next(
    sign_in: SignIn, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(user: User) -> dict[str, int]:
        raise RuntimeError("the worker was killed")

    sign_in(viewer).delete(ACCOUNT, {"password": PASSWORD})
    request = DataRequest.objects.get()
    with monkeypatch.context() as broken:
        broken.setitem(holders.HOLDERS, "other", holders.Holder("other", lambda user: {}, die))
        with pytest.raises(RuntimeError):
            personal_data.run(request)
    assert User.objects.exists()
    assert DataRequest.objects.get().state == "running"

    personal_data.run(DataRequest.objects.select_related("account").get())
    assert not User.objects.exists()
    assert DataRequest.objects.get().state == "done"


def test_two_workers_on_one_erasure_leave_one_true_receipt(
    sign_in: SignIn, viewer: User, profile: Profile
) -> None:
    sign_in(viewer).delete(ACCOUNT, {"password": PASSWORD})
    slow = DataRequest.objects.select_related("account").get()
    work()
    receipt = DataRequest.objects.values().get()
    personal_data._erase(slow, slow.account)

    assert DataRequest.objects.values().get() == receipt
    assert SecurityEvent.objects.filter(kind="account_erased").count() == 1


def test_an_export_that_an_erasure_overtakes_does_not_come_back(sign_in: SignIn, viewer: User) -> None:
    client = sign_in(viewer)
    client.get(EXPORT)
    slow = DataRequest.objects.select_related("account").get(kind="export")
    stale = slow.account
    client.delete(ACCOUNT, {"password": PASSWORD})
    slow.start()
    erase = DataRequest.objects.select_related("account").get(kind="erase")
    personal_data.run(erase)
    assert stale is not None

    with pytest.raises(User.DoesNotExist):
        personal_data._export(slow, stale)
    assert everywhere(viewer.email) == set()


def test_the_record_of_a_life_ends_with_its_erasure(sign_in: SignIn, viewer: User) -> None:
    sign_in(viewer).delete(ACCOUNT, {"password": PASSWORD})
    work()

    assert kinds(viewer)[-2:] == ["session_revoked", "account_erased"]
