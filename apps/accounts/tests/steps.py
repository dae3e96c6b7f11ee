"""What several tests of accounts need."""

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from django.core import mail
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.models import DataRequest, MailToken, Profile, SecurityEvent, Session, User
from apps.accounts.tasks import tidy
from apps.core import clients, jobs

from .factories import PASSWORD

V1 = "/api/v1"
# `sign_in` of the project's conftest: a client that is signed in as somebody.
SignIn = Callable[..., APIClient]
LOGIN = f"{V1}/auth/login"
REFRESH = f"{V1}/auth/refresh"
REGISTER = f"{V1}/auth/register"


def bearer(access: str, **headers: str) -> APIClient:
    client = APIClient(**headers)  # type: ignore[arg-type]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client


def login(email: str, password: str = PASSWORD, **headers: str) -> Any:
    return APIClient().post(LOGIN, {"email": email, "password": password}, **headers)  # type: ignore[arg-type]


def grant(user: User, **headers: str) -> dict[str, Any]:
    """The two tokens of a new session."""
    answer = login(user.email, **headers)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def use(refresh: str, agent: str = "television") -> Any:
    return APIClient().post(REFRESH, {"refresh": refresh}, HTTP_USER_AGENT=agent)


def alive(client: APIClient) -> bool:
    """Whether its access token is accepted, and by a code that makes clients refresh when it is not."""
    answer = client.get(f"{V1}/profiles")
    if answer.status_code == 401:
        assert answer.json()["code"] == "token_expired"
    return bool(answer.status_code == 200)


def select(client: APIClient, profile: Profile, **proof: str) -> Any:
    return client.post(f"{V1}/profiles/{profile.public_id}/select", proof)


def kinds(user: User | None = None) -> list[str]:
    """The security events, oldest first."""
    events = SecurityEvent.objects.order_by("id")
    return list((events.filter(account=user.public_id) if user else events).values_list("kind", flat=True))


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer["Content-Type"] == "application/problem+json"


def refused_field(answer: Any, path: str, code: str = "") -> None:
    refused(answer, 400, "validation_error")
    found = [(one["path"], one["code"]) for one in answer.json()["errors"]]
    assert path in [one for one, _ in found], found
    assert not code or (path, code) in found, found


@contextmanager
def unchanged(*, but: tuple[str, ...] = ()) -> Iterator[None]:
    """Nothing of accounts changes inside, but for the named columns."""
    before = _everything(but)
    yield
    assert _everything(but) == before


def _everything(but: tuple[str, ...]) -> list[Any]:
    rows = [
        dict(row)
        for model in (User, Profile, Session, MailToken, DataRequest)
        for row in model.objects.order_by("pk").values()
    ]
    return [{name: value for name, value in row.items() if name not in but} for row in rows]


def work() -> None:
    """Run every job that is due, as the worker does."""
    jobs.work(None, 1, wait=False)
    # What is left of the worker's threads holds connections to the test database.
    gc.collect()


def run_tidy() -> None:
    """The nightly task, at once."""
    job = SimpleNamespace(id=1, task_name="tidy")
    tidy.func(SimpleNamespace(job=job), timestamp=0)


def mailed_token() -> str:
    """The token in the newest mail."""
    work()
    found = re.search(r"#token=(\S+)", str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return found[1]


def forget_redis() -> None:
    """What a flush of the durable role takes along."""
    clients.durable().flushdb()


# --- The admin


def at_the_desk(user: User) -> Client:
    """A browser in which that member of staff is signed in to the admin."""
    client = Client()
    client.force_login(user, backend="apps.accounts.authentication.PasswordBackend")
    return client


def url(page: str, *rest: Any) -> str:
    app = "auth" if page == "group" else "accounts"
    return "/".join(["", "admin", app, page, *map(str, rest), ""])


def change(desk: Client, user: User, **fields: Any) -> Any:
    """Submit the change form as the browser would, with some fields changed."""
    form: dict[str, Any] = {
        "email": user.email,
        "country": user.country,
    }
    # Of what the page shows beside the account.
    for shown in ("profiles", "subscriptions"):
        form |= {f"{shown}-TOTAL_FORMS": 0, f"{shown}-INITIAL_FORMS": 0}
    form |= {name: "on" for name in ("is_active", "is_staff", "is_superuser") if getattr(user, name)}
    form |= fields
    return desk.post(
        url("user", user.pk, "change"), {name: value for name, value in form.items() if value is not None}
    )


def act(desk: Client, page: str, action: str, *rows: Any) -> None:
    answer = desk.post(url(page), {"action": action, "_selected_action": [row.pk for row in rows]})
    assert answer.status_code == 302, answer.content
