from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError

from apps.accounts.models import Profile, Session, User
from apps.accounts.services import pins, profiles, sessions
from apps.core.network import Caller

from .factories import PASSWORD, ProfileFactory, UserFactory
from .steps import V1, SignIn, alive, grant, kinds, refused, refused_field, select, unchanged

pytestmark = pytest.mark.django_db(transaction=True)
PROFILES = f"{V1}/profiles"
CALLER = Caller("192.0.2.1", "television", "")


def path(profile: Profile) -> str:
    return f"{PROFILES}/{profile.public_id}"


def test_a_profile_has_sensible_defaults(sign_in: SignIn, viewer: User) -> None:
    answer = sign_in(viewer).post(PROFILES, {"name": "  आशा  "})
    profile = Profile.objects.get()

    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(profile.public_id),
        "name": "आशा",
        "avatar": "indigo",
        "language": "en",
        "maturity": "A",
        "kid": False,
        "has_pin": False,
        "created_at": answer.json()["created_at"],
    }
    assert kinds(viewer)[-1] == "profile_changed"


def test_a_childs_profile_starts_low(sign_in: SignIn, viewer: User) -> None:
    answer = sign_in(viewer).post(PROFILES, {"name": "Mini", "kid": True})

    assert answer.json()["maturity"] == "U/A 7+"


def test_an_account_has_at_most_five_profiles(sign_in: SignIn, viewer: User) -> None:
    client = sign_in(viewer)
    for n in range(5):
        assert client.post(PROFILES, {"name": f"Profile {n}"}).status_code == 201
    with unchanged():
        answer = client.post(PROFILES, {"name": "One more"})

    refused(answer, 409, "profile_limit")
    assert sign_in(UserFactory()).post(PROFILES, {"name": "Elsewhere"}).status_code == 201


def test_a_deleted_profile_makes_room(sign_in: SignIn, viewer: User) -> None:
    client = sign_in(viewer)
    for n in range(5):
        client.post(PROFILES, {"name": f"Profile {n}"})
    assert client.delete(path(Profile.objects.get(slot=3))).status_code == 204
    assert client.post(PROFILES, {"name": "New"}).status_code == 201

    assert [one["name"] for one in client.get(PROFILES).json()["results"]] == [
        "Profile 0", "Profile 1", "New", "Profile 3", "Profile 4",
    ]  # fmt: skip
    refused(client.post(PROFILES, {"name": "One more"}), 409, "profile_limit")


def test_the_database_itself_keeps_the_five(viewer: User) -> None:
    for slot in (0, 6):
        with pytest.raises(IntegrityError, match="at_most_five_profiles"):
            ProfileFactory(account=viewer, slot=slot)
    ProfileFactory(account=viewer, slot=1)
    with pytest.raises(IntegrityError, match="one_profile_per_slot"):
        ProfileFactory(account=viewer, slot=1)
    with pytest.raises(IntegrityError, match="kids_have_a_low_ceiling"):
        ProfileFactory(account=viewer, slot=2, kid=True, maturity=16)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "blank"),
        ("name", "   ", "blank"),
        ("name", "\t", "control"),
        ("name", "x" * 41, "max_length"),
        ("name", "two\nlines", "control"),
        ("name", "\x00", ""),
        ("name", "\u202eabc", "control"),
        ("name", None, "null"),
        ("name", ["x"], "invalid"),
        ("avatar", "dragon", "invalid_choice"),
        ("avatar", {}, "invalid_choice"),
        ("language", "xx", "invalid_choice"),
        ("language", 1, "invalid_choice"),
        ("maturity", "R", "invalid_choice"),
        ("maturity", 18, "invalid_choice"),
        ("maturity", [], "invalid_choice"),
        ("kid", "perhaps", "invalid"),
        ("kid", None, "null"),
        ("kid", [], "invalid"),
        ("pin", "123", ""),
        ("pin", "12345", ""),
        ("pin", "12a4", "invalid"),
        ("pin", "\uff11\uff12\uff13\uff14", "invalid"),
        ("pin", 10**15, ""),
        ("slot", 1, "unknown_field"),
        ("pin_hash", "x", "unknown_field"),
        ("account", 1, "unknown_field"),
        ("id", "x", "unknown_field"),
    ],
)
def test_what_a_profile_cannot_have_is_refused_with_its_field(
    sign_in: SignIn, viewer: User, profile: Profile, field: str, value: Any, code: str
) -> None:
    client = sign_in(viewer)
    with unchanged():
        refused_field(client.post(PROFILES, {"name": "Asha"} | {field: value}), field, code)
        refused_field(client.patch(path(profile), {field: value}), field, code)


@pytest.mark.parametrize("label", ["U", "U/A 7+", "U/A 13+", "U/A 16+", "A"])
def test_every_indian_rating_can_be_a_ceiling(sign_in: SignIn, viewer: User, label: str) -> None:
    client = sign_in(viewer)
    made = client.post(PROFILES, {"name": "Asha", "maturity": label}).json()

    assert made["maturity"] == label
    assert client.get(f"{PROFILES}/{made['id']}").json()["maturity"] == label


@pytest.mark.parametrize("label", ["U/A 16+", "A"])
def test_a_childs_ceiling_has_a_ceiling(sign_in: SignIn, viewer: User, profile: Profile, label: str) -> None:
    client = sign_in(viewer)
    with unchanged():
        refused_field(
            client.post(PROFILES, {"name": "Mini", "kid": True, "maturity": label}), "maturity", "too_high"
        )
        refused_field(client.patch(path(profile), {"kid": True, "maturity": label}), "maturity", "too_high")


def test_a_profile_that_becomes_a_childs_is_lowered(sign_in: SignIn, viewer: User, profile: Profile) -> None:
    answer = sign_in(viewer).patch(path(profile), {"kid": True})

    assert (answer.json()["kid"], answer.json()["maturity"]) == (True, "U/A 13+")


def test_a_change_leaves_everything_else_alone(sign_in: SignIn, viewer: User) -> None:
    profile = ProfileFactory(account=viewer, pin="1234", language="hi", maturity=13)

    client = sign_in(viewer)
    with unchanged(but=("name", "updated_at")):
        assert client.patch(path(profile), {"name": "New"}).json()["name"] == "New"


def test_more_than_one_may_watch_oneself_is_granted_only_with_the_password(
    sign_in: SignIn, viewer: User
) -> None:
    teen = ProfileFactory(account=viewer, maturity=13)
    client = sign_in(viewer, teen)
    with unchanged():
        refused(client.post(PROFILES, {"name": "Adult"}), 403, "password_required")
        refused(client.patch(path(teen), {"maturity": "A"}), 403, "password_required")
        wrong = client.post(PROFILES, {"name": "Adult", "password": "wrong"})
    refused(wrong, 403, "password_wrong")

    assert client.post(PROFILES, {"name": "Like me", "maturity": "U/A 13+"}).status_code == 201
    assert client.post(PROFILES, {"name": "Adult", "password": PASSWORD}).status_code == 201
    assert client.patch(path(teen), {"maturity": "A", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("change", [{"maturity": "U/A 13+"}, {"kid": False}, {"kid": False, "maturity": "A"}])
def test_what_protects_a_child_is_loosened_only_with_the_password(
    sign_in: SignIn, viewer: User, change: dict[str, Any]
) -> None:
    kid = ProfileFactory(account=viewer, kid=True, maturity=7, pin="1234")
    client = sign_in(viewer)
    with unchanged():
        refused(client.patch(path(kid), change), 403, "password_required")
        refused(client.patch(path(kid), change | {"current_pin": "1234"}), 403, "password_required")
        refused(client.patch(path(kid), change | {"password": "wrong"}), 403, "password_wrong")

    assert client.patch(path(kid), change | {"password": PASSWORD}).status_code == 200
    assert client.patch(path(kid), {"maturity": "U"}).status_code == 200


def test_a_refused_password_stays_on_record_also_under_an_idempotency_key(
    sign_in: SignIn, viewer: User
) -> None:
    client = sign_in(viewer, ProfileFactory(account=viewer, maturity=13))
    body = {"name": "Adult", "password": "wrong"}
    with unchanged():
        answer = client.post(PROFILES, body, HTTP_IDEMPOTENCY_KEY="k")

    refused(answer, 403, "password_wrong")
    assert kinds(viewer)[-1] == "sign_in_failed"
    again = client.post(PROFILES, body | {"password": PASSWORD}, HTTP_IDEMPOTENCY_KEY="k")
    assert again.status_code == 201


def test_the_same_key_gives_the_same_profile(sign_in: SignIn, viewer: User) -> None:
    client = sign_in(viewer)
    first = client.post(PROFILES, {"name": "Asha"}, HTTP_IDEMPOTENCY_KEY="k")
    second = client.post(PROFILES, {"name": "Asha"}, HTTP_IDEMPOTENCY_KEY="k")
    other = client.post(PROFILES, {"name": "Ravi"}, HTTP_IDEMPOTENCY_KEY="k")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    refused(other, 422, "idempotency_mismatch")
    assert Profile.objects.count() == 1


def test_profiles_of_others_cannot_be_reached_nor_found_out(sign_in: SignIn, viewer: User) -> None:
    theirs = ProfileFactory()
    client = sign_in(viewer)
    with unchanged():
        for method, suffix in (("get", ""), ("patch", ""), ("delete", ""), ("post", "/select")):
            answers = [
                getattr(client, method)(f"{PROFILES}/{one}{suffix}") for one in (theirs.public_id, uuid4())
            ]
            first, second = (one.json() | {"request_id": ""} for one in answers)
            assert first == second
            refused(answers[0], 404, "not_found")

    assert client.get(PROFILES).json()["results"] == []


def test_the_token_of_a_deleted_profile_dies_with_it(sign_in: SignIn, viewer: User, profile: Profile) -> None:
    watching, owner = sign_in(viewer, profile), sign_in(viewer)
    assert alive(watching)
    assert owner.delete(path(profile)).status_code == 204

    assert not alive(watching)
    assert alive(owner)


def test_a_profile_that_others_change_at_the_same_time_is_a_conflict(viewer: User) -> None:
    profile = ProfileFactory(account=viewer)
    seen_before = Profile.objects.select_related("account").get(pk=profile.pk)
    nothing = profiles.Proof()
    profiles.change(profile, {"kid": True}, ceiling=18, proof=nothing, caller=CALLER)

    with pytest.raises(profiles.ProfileChanged), unchanged():
        profiles.change(seen_before, {"maturity": 18}, ceiling=18, proof=nothing, caller=CALLER)


@pytest.mark.parametrize("pin", ["", "1234"])
def test_a_profile_deleted_in_the_same_moment_is_not_found(viewer: User, pin: str) -> None:
    ProfileFactory(account=viewer, pin=pin)
    session = grant(viewer) and Session.objects.get()
    profile = Profile.objects.select_related("account").get()
    Profile.objects.all().delete()
    by_pin, by_password = profiles.Proof(pin=pin), profiles.Proof(password=PASSWORD)

    with unchanged():
        with pytest.raises(pins.NoSuchProfile):
            profiles.change(profile, {"name": "x"}, ceiling=18, proof=by_password, caller=CALLER)
        for proof in (by_pin, by_password):
            with pytest.raises((pins.NoSuchProfile, pins.PinLocked)):
                profiles.drop(profile, proof=proof, caller=CALLER)
            with pytest.raises((pins.NoSuchProfile, pins.PinLocked)):
                profiles.select(
                    profile, session_id=session.public_id, from_kid=False, proof=proof, caller=CALLER
                )


def test_listing_profiles_costs_one_query(
    sign_in: SignIn, viewer: User, django_assert_num_queries: Any
) -> None:
    client = sign_in(viewer)
    for _ in range(5):
        ProfileFactory(account=viewer)
    alive(client)
    with django_assert_num_queries(1):
        assert len(client.get(PROFILES).json()["results"]) == 5


def test_pins_and_counters_never_leave_the_server(sign_in: SignIn, viewer: User) -> None:
    profile = ProfileFactory(account=viewer, pin="1234")
    client = sign_in(viewer)
    texts = [client.get(PROFILES).content, client.get(path(profile)).content]

    for text in map(bytes.decode, texts):
        assert '"has_pin":true' in text
        assert "bcrypt" not in text
        assert "pin_hash" not in text
        assert "pin_failures" not in text


def test_anonymous_callers_see_no_profiles(api: Any, profile: Profile) -> None:
    with unchanged():
        for method in ("get", "patch", "delete"):
            refused(getattr(api, method)(path(profile)), 401, "not_authenticated")
        refused(api.get(PROFILES), 401, "not_authenticated")
        refused(api.post(PROFILES, {"name": "x"}), 401, "not_authenticated")
        refused(select(api, profile), 401, "not_authenticated")


@pytest.fixture
def pin_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parent sets a PIN between the proof that a request offers and its deed."""
    prove = profiles.prove

    def then_set(profile: Profile, proof: profiles.Proof, *, caller: Caller) -> None:
        prove(profile, proof, caller=caller)
        same = Profile.objects.get(pk=profile.pk)
        with monkeypatch.context() as quiet:
            quiet.setattr(profiles, "prove", prove)
            profiles.change(same, {"pin": "1234"}, ceiling=18, proof=proof, caller=caller)

    monkeypatch.setattr(profiles, "prove", then_set)


@pytest.mark.usefixtures("pin_meanwhile")
def test_a_pin_that_is_set_meanwhile_keeps_a_profile_from_being_deleted(
    sign_in: SignIn, viewer: User, profile: Profile
) -> None:
    refused(sign_in(viewer).delete(path(profile)), 409, "conflict")

    assert Profile.objects.get().has_pin


@pytest.mark.usefixtures("pin_meanwhile")
def test_a_pin_that_is_set_meanwhile_keeps_a_profile_from_being_selected(
    sign_in: SignIn, viewer: User, profile: Profile
) -> None:
    client = sign_in(viewer)
    refused(select(client, profile), 409, "conflict")

    assert Session.objects.get().profile is None
    refused(select(client, profile), 403, "pin_required")


def test_a_pin_that_is_set_meanwhile_is_asked_for_on_a_childs_device_too(
    sign_in: SignIn, viewer: User, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(viewer, ProfileFactory(account=viewer, kid=True, maturity=7))
    confirm = sessions.confirm_password

    def then_set(*args: Any, **options: Any) -> None:
        confirm(*args, **options)
        Profile.objects.filter(pk=profile.pk).update(pin_hash="another")

    monkeypatch.setattr(sessions, "confirm_password", then_set)
    refused(select(client, profile, password=PASSWORD), 409, "conflict")
