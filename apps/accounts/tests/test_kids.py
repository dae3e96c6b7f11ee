"""A device in a child's hands."""

from typing import Any

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import Profile, Session, User

from .factories import PASSWORD, ProfileFactory
from .steps import REFRESH, V1, SignIn, alive, bearer, grant, refused, select, unchanged

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kid(viewer: User) -> Profile:
    return ProfileFactory(account=viewer, name="Mini", kid=True, maturity=7)


@pytest.fixture
def parent(viewer: User) -> Profile:
    return ProfileFactory(account=viewer, name="Asha", pin="1234")


@pytest.fixture
def device(sign_in: SignIn, viewer: User, kid: Profile) -> Any:
    """A device that was handed to the child."""
    return sign_in(viewer, kid)


def refreshed(client: Any) -> APIClient:
    answer = APIClient().post(REFRESH, {"refresh": client.refresh})
    assert answer.status_code == 200
    return bearer(answer.json()["access"])


def test_a_child_reaches_nothing_of_the_account(
    device: Any, viewer: User, kid: Profile, parent: Profile
) -> None:
    session = Session.objects.get()
    routes = [
        ("get", "/account", {}),
        ("patch", "/account", {"country": "DE"}),
        ("delete", "/account", {"password": PASSWORD}),
        ("get", "/account/export", {}),
        ("post", "/account/export", {}),
        ("post", "/auth/logout-all", {}),
        ("post", "/auth/password/change", {"current_password": PASSWORD, "new_password": "a new phrase"}),
        ("post", "/auth/email/resend", {}),
        ("get", "/auth/sessions", {}),
        ("delete", f"/auth/sessions/{session.public_id}", {}),
        ("post", "/profiles", {"name": "Me, but older"}),
        ("get", f"/profiles/{kid.public_id}", {}),
        ("patch", f"/profiles/{kid.public_id}", {"kid": False, "password": PASSWORD}),
        ("delete", f"/profiles/{kid.public_id}", {}),
        ("delete", f"/profiles/{parent.public_id}", {"pin": "1234"}),
    ]
    with unchanged():
        for method, path, body in routes:
            refused(getattr(device, method)(f"{V1}{path}", body), 403, "permission_denied")

    assert device.get(f"{V1}/profiles").status_code == 200


def test_a_child_leaves_neither_without_proof_nor_with_a_wrong_one(
    device: Any, viewer: User, parent: Profile
) -> None:
    open_one = ProfileFactory(account=viewer, name="Ravi")
    other_kid = ProfileFactory(account=viewer, name="Maxi", kid=True, maturity=7)
    with unchanged(but=("pin_failures", "pin_failures_today", "pin_day")):
        refused(select(device, parent), 403, "pin_required")
        refused(select(device, parent, pin="4321"), 403, "pin_wrong")
        refused(select(device, parent, password="wrong"), 403, "password_wrong")
        for one in (open_one, other_kid):
            refused(select(device, one), 403, "password_required")
            refused(select(device, one, pin="1234"), 403, "password_required")
            refused(select(device, one, password="wrong"), 403, "password_wrong")


def test_a_child_hands_the_device_back_with_the_pin_or_the_password(
    device: Any, sign_in: SignIn, viewer: User, kid: Profile, parent: Profile
) -> None:
    answer = select(device, parent, pin="1234")
    assert answer.status_code == 200
    assert bearer(answer.json()["access"]).get(f"{V1}/account").status_code == 200

    second = sign_in(viewer, kid)
    open_one = ProfileFactory(account=viewer, name="Ravi")
    assert select(second, open_one, password=PASSWORD).status_code == 200


def test_refreshing_does_not_free_the_device(device: Any, parent: Profile) -> None:
    client = refreshed(device)

    refused(client.get(f"{V1}/account"), 403, "permission_denied")
    refused(select(client, parent), 403, "pin_required")


def test_older_tokens_of_the_device_are_dead_while_the_child_has_it(
    viewer: User, kid: Profile, parent: Profile
) -> None:
    account = bearer(grant(viewer)["access"])
    grown = bearer(select(account, parent, pin="1234").json()["access"])
    assert alive(account)
    assert alive(grown)
    child = bearer(select(grown, kid).json()["access"])

    assert not alive(account)
    assert not alive(grown)
    assert alive(child)
    grown = bearer(select(child, parent, pin="1234").json()["access"])
    assert alive(account)
    assert alive(grown)


def test_other_devices_of_the_account_do_not_notice(device: Any, sign_in: SignIn, viewer: User) -> None:
    assert alive(sign_in(viewer))


def test_the_row_of_the_session_counts_and_not_what_a_token_says(
    viewer: User, kid: Profile, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = bearer(grant(viewer)["access"])
    assert alive(account)
    # Redis cannot be told that the child has the device: the old state is remembered for some seconds.
    monkeypatch.setattr("apps.accounts.store.forget_states", lambda ids: None)
    select(account, kid)

    with unchanged():
        refused(select(account, profile), 403, "password_required")


def test_deleting_a_childs_profile_signs_its_devices_out(
    device: Any, sign_in: SignIn, viewer: User, kid: Profile
) -> None:
    owner = sign_in(viewer)
    assert owner.delete(f"{V1}/profiles/{kid.public_id}").status_code == 204

    assert not alive(device)
    assert APIClient().post(REFRESH, {"refresh": device.refresh}).status_code == 401
    assert alive(owner)


def test_a_profile_that_becomes_a_childs_binds_the_devices_it_is_on(
    sign_in: SignIn, viewer: User, profile: Profile
) -> None:
    watching, owner = sign_in(viewer, profile), sign_in(viewer)
    assert watching.get(f"{V1}/account").status_code == 200
    owner.patch(f"{V1}/profiles/{profile.public_id}", {"kid": True})

    refused(watching.get(f"{V1}/account"), 403, "permission_denied")


def test_a_lowered_ceiling_counts_at_once(sign_in: SignIn, viewer: User, profile: Profile) -> None:
    watching, owner = sign_in(viewer, profile), sign_in(viewer)
    assert alive(watching)
    owner.patch(f"{V1}/profiles/{profile.public_id}", {"maturity": "U/A 13+"})

    with unchanged():
        refused(watching.post(f"{V1}/profiles", {"name": "x"}), 403, "password_required")


def test_a_child_may_sign_out_and_does_not_get_back_in(device: Any) -> None:
    assert device.post(f"{V1}/auth/logout").status_code == 204

    assert not alive(device)
    assert APIClient().post(REFRESH, {"refresh": device.refresh}).status_code == 401


def test_reuse_of_a_childs_refresh_token_does_not_free_the_device(device: Any) -> None:
    first = refreshed(device)
    retried = refreshed(device)

    for client in (first, retried):
        refused(client.get(f"{V1}/account"), 403, "permission_denied")


def test_a_session_that_ended_selects_nothing(viewer: User, profile: Profile) -> None:
    account = bearer(grant(viewer)["access"])
    assert alive(account)
    Session.objects.update(revoked_at=timezone.now())
    with time_machine.travel(timezone.now()), unchanged():
        refused(select(account, profile), 401, "token_expired")
