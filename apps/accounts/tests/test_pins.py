from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts import hashing
from apps.accounts.models import Profile, Session, User
from apps.accounts.services import pins
from apps.core.errors import Busy
from apps.core.network import Caller

from .factories import PASSWORD, ProfileFactory, UserFactory
from .steps import V1, SignIn, bearer, forget_redis, grant, kinds, refused, refused_field, select, unchanged

pytestmark = pytest.mark.django_db(transaction=True)
CALLER = Caller("192.0.2.1", "television", "")
COUNTERS = ("pin_failures", "pin_locks", "pin_locked_until", "pin_failures_today", "pin_day")


@pytest.fixture
def parent(viewer: User) -> Profile:
    return ProfileFactory(account=viewer, name="Asha", pin="1234")


@pytest.fixture
def device(sign_in: SignIn, viewer: User, no_limits: None) -> APIClient:
    return sign_in(viewer)


def guess(device: APIClient, profile: Profile, times: int = 1, pin: str = "0000") -> list[int]:
    return [select(device, profile, pin=pin).status_code for _ in range(times)]


def guess_in_the_service(profile: Profile, times: int, at: datetime) -> None:
    """As `guess`, at a time at which the device's token is long expired."""
    with time_machine.travel(at):
        for _ in range(times):
            with pytest.raises(pins.PinWrong):
                pins.check(
                    Profile.objects.select_related("account").get(pk=profile.pk), "0000", caller=CALLER
                )


def test_a_pin_opens_its_profile_and_nothing_else_does(device: APIClient, parent: Profile) -> None:
    session = Session.objects.get()
    with unchanged(but=COUNTERS):
        refused(select(device, parent), 403, "pin_required")
        refused(select(device, parent, pin="0000"), 403, "pin_wrong")
    assert select(device, parent, pin="1234").status_code == 200

    session.refresh_from_db()
    assert session.profile == parent


def test_a_wrong_pin_tells_how_many_tries_are_left(device: APIClient, parent: Profile) -> None:
    answers = [select(device, parent, pin="0000").json() for _ in range(5)]

    assert [one["tries_left"] for one in answers] == [4, 3, 2, 1, 0]


def test_five_wrong_pins_lock_the_profile_for_a_quarter_of_an_hour(
    device: APIClient, viewer: User, parent: Profile
) -> None:
    assert guess(device, parent, 5) == [403] * 5
    with unchanged():
        right = select(device, parent, pin="1234")

    refused(right, 429, "pin_locked")
    assert 890 <= int(right["Retry-After"]) <= 900
    assert [kind for kind in kinds(viewer) if kind.startswith("pin")] == ["pin_wrong"] * 5 + ["pin_locked"]


def test_the_locks_double_up_to_a_day(parent: Profile) -> None:
    now = timezone.now()
    waits = []
    for _ in range(9):
        guess_in_the_service(parent, 5, now)
        parent.refresh_from_db()
        assert parent.pin_locked_until is not None
        waits.append(round((parent.pin_locked_until - now).total_seconds() / 60))
        # The day's account is another rule.
        Profile.objects.update(pin_failures_today=0)
        now = parent.pin_locked_until + timedelta(seconds=1)

    assert waits == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]


def test_after_the_lock_the_right_pin_opens_and_the_next_lock_is_short_again(
    parent: Profile,
) -> None:
    now = timezone.now()
    guess_in_the_service(parent, 5, now)
    later = now + timedelta(minutes=15, seconds=1)
    with time_machine.travel(later):
        pins.check(Profile.objects.get(pk=parent.pk), "1234", caller=CALLER)
    guess_in_the_service(parent, 5, later)

    parent.refresh_from_db()
    assert parent.pin_locked_until is not None
    assert 14 < (parent.pin_locked_until - later).total_seconds() / 60 < 15.1


def test_twenty_wrong_pins_in_a_day_take_the_password(device: APIClient, parent: Profile) -> None:
    now = timezone.now().replace(hour=1)
    for wait in (0, 16, 47, 108):
        guess_in_the_service(parent, 5, now + timedelta(minutes=wait))
    with unchanged():
        refused(select(device, parent, pin="1234"), 403, "password_required")
        refused(select(device, parent, password="wrong"), 403, "password_wrong")
        # Also tomorrow, and when the last lock is over.
        with time_machine.travel(now + timedelta(days=3)), pytest.raises(pins.PasswordRequired):
            pins.check(Profile.objects.get(pk=parent.pk), "1234", caller=CALLER)

    assert select(device, parent, password=PASSWORD).status_code == 200
    assert select(device, parent, pin="1234").status_code == 200


def test_the_owner_coming_in_does_not_give_a_guesser_new_tries(parent: Profile) -> None:
    now = timezone.now().replace(hour=1)
    for round_ in range(5):
        with time_machine.travel(now + timedelta(minutes=round_)):
            pins.check(Profile.objects.get(pk=parent.pk), "1234", caller=CALLER)
        guess_in_the_service(parent, 4, now + timedelta(minutes=round_))

    with time_machine.travel(now + timedelta(minutes=6)), pytest.raises(pins.PasswordRequired):
        pins.check(Profile.objects.get(pk=parent.pk), "1234", caller=CALLER)


def test_right_pins_use_nothing_up(device: APIClient, parent: Profile) -> None:
    assert guess(device, parent, 25, pin="1234") == [200] * 25

    parent.refresh_from_db()
    assert (parent.pin_failures, parent.pin_failures_today, parent.pin_locked_until) == (0, 0, None)


def test_the_day_begins_anew(parent: Profile) -> None:
    today = timezone.now().replace(hour=23, minute=0)
    guess_in_the_service(parent, 4, today)
    with time_machine.travel(today + timedelta(hours=2)), pytest.raises(pins.PinWrong):
        pins.check(Profile.objects.get(pk=parent.pk), "0000", caller=CALLER)

    parent.refresh_from_db()
    assert parent.pin_failures_today == 1
    assert parent.pin_locked_until is not None


def test_the_password_unlocks(device: APIClient, parent: Profile) -> None:
    guess(device, parent, 5)
    assert select(device, parent, password=PASSWORD).status_code == 200

    assert guess(device, parent, 1, pin="1234") == [200]


def test_counters_survive_a_flush_of_both_redis_roles(device: APIClient, parent: Profile) -> None:
    guess(device, parent, 4)
    forget_redis()
    cache.clear()
    assert guess(device, parent, 2) == [403, 429]
    forget_redis()
    cache.clear()

    refused(select(device, parent, pin="1234"), 429, "pin_locked")


def test_counters_hold_while_redis_is_away(redis_away: None, device: APIClient, parent: Profile) -> None:
    assert guess(device, parent, 6) == [403] * 5 + [429]


def test_every_door_to_a_pin_counts_the_same_tries(device: APIClient, parent: Profile) -> None:
    url = f"{V1}/profiles/{parent.public_id}"
    with unchanged(but=COUNTERS):
        refused(select(device, parent, pin="0000"), 403, "pin_wrong")
        refused(device.delete(url, {"pin": "0000"}), 403, "pin_wrong")
        refused(device.patch(url, {"pin": None, "current_pin": "0000"}), 403, "pin_wrong")
        refused(device.patch(url, {"pin": "9999", "current_pin": "0000"}), 403, "pin_wrong")
        refused(device.delete(url, {"pin": "0000"}), 403, "pin_wrong")
        refused(device.patch(url, {"pin": None, "current_pin": "1234"}), 429, "pin_locked")


def test_another_device_of_the_account_gets_no_tries_of_its_own(
    device: APIClient, viewer: User, parent: Profile
) -> None:
    guess(device, parent, 5)

    refused(select(bearer(grant(viewer)["access"]), parent, pin="1234"), 429, "pin_locked")


def test_one_locked_profile_leaves_the_others_open(device: APIClient, viewer: User, parent: Profile) -> None:
    other = ProfileFactory(account=viewer, pin="5678")
    guess(device, parent, 5)

    assert guess(device, other, 1, pin="5678") == [200]


def test_a_pin_is_set_changed_and_taken_away(device: APIClient, viewer: User) -> None:
    profile = ProfileFactory(account=viewer)
    url = f"{V1}/profiles/{profile.public_id}"

    assert device.patch(url, {"pin": "1111"}).json()["has_pin"] is True
    assert device.patch(url, {"pin": "2222", "current_pin": "1111"}).status_code == 200
    assert guess(device, profile, 1, pin="2222") == [200]
    assert device.patch(url, {"pin": "3333", "password": PASSWORD}).status_code == 200
    assert device.patch(url, {"pin": None, "current_pin": "3333"}).json()["has_pin"] is False
    assert select(device, profile).status_code == 200


@pytest.mark.parametrize("change", [{"pin": "9999"}, {"pin": None}, {"maturity": "A"}])
def test_what_a_pin_protects_is_not_changed_without_it(
    device: APIClient, viewer: User, change: dict[str, Any]
) -> None:
    profile = ProfileFactory(account=viewer, pin="1234", maturity=13)
    url = f"{V1}/profiles/{profile.public_id}"
    with unchanged():
        refused(device.patch(url, change), 403, "pin_required")
        refused(device.delete(url), 403, "pin_required")

    assert device.patch(url, {"name": "New", "maturity": "U"}).status_code == 200
    assert device.delete(url, {"pin": "1234"}).status_code == 204


def test_a_new_pin_comes_with_new_tries(device: APIClient, parent: Profile) -> None:
    guess(device, parent, 5)
    url = f"{V1}/profiles/{parent.public_id}"
    assert device.patch(url, {"pin": "5678", "password": PASSWORD}).status_code == 200

    assert guess(device, parent, 2, pin="5678") == [200, 200]


def test_only_the_hash_of_a_pin_is_kept(device: APIClient) -> None:
    device.post(f"{V1}/profiles", {"name": "Asha", "pin": "4071"}, HTTP_IDEMPOTENCY_KEY="k")

    assert Profile.objects.get().pin_hash.startswith("bcrypt_sha256$")


def test_a_server_too_busy_to_look_at_a_pin_does_not_count_it(
    viewer: User, parent: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = hashing.HashPool(1, -1)
    monkeypatch.setattr(hashing, "pool", full)
    with pytest.raises(Busy), unchanged():
        pins.check(parent, "0000", caller=CALLER)

    monkeypatch.setattr(hashing, "pool", hashing.HashPool(1, 0))
    with pytest.raises(pins.PinWrong):
        pins.check(parent, "0000", caller=CALLER)


def test_staff_give_a_profile_its_tries_back(device: APIClient, viewer: User, parent: Profile) -> None:
    guess(device, parent, 5)
    pins.unlock(parent, by=UserFactory(is_staff=True))

    assert guess(device, parent, 1, pin="1234") == [200]
    assert "unlocked" in kinds(viewer)


@pytest.mark.parametrize(
    "pin", ["", "123", "12345", "abcd", "\uff11\uff12\uff13\uff14", None, ["1234"], True]
)
def test_what_cannot_be_a_pin_costs_no_try(device: APIClient, parent: Profile, pin: Any) -> None:
    with unchanged():
        answer = device.post(f"{V1}/profiles/{parent.public_id}/select", {"pin": pin})

    refused_field(answer, "pin")
