"""Giving people a copy of what we hold, and erasing it."""

import logging
from datetime import timedelta
from typing import Any

import orjson
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.accounts import store
from apps.accounts.models import DataRequest, MailToken, Profile, SecurityEvent, Session, User
from apps.accounts.personal_data import HOLDERS, Holder, register
from apps.core import jobs
from apps.core.errors import DomainError
from apps.core.models import IdempotentAnswer
from apps.core.network import Caller

from . import audit, sessions

log = logging.getLogger(__name__)

Kind, State = DataRequest.Kind, DataRequest.State
COPY_LIVES = timedelta(days=7)
FRESH_FOR = timedelta(hours=24)
STUCK_AFTER = timedelta(hours=24)
RUN = "apps.accounts.tasks.run_data_request"
TRIES = 5
ACCOUNT_FIELDS = ("public_id", "email", "pending_email", "email_verified_at", "country", "is_staff",
                  "created_at", "last_login")  # fmt: skip
PROFILE_FIELDS = ("public_id", "name", "avatar", "language", "maturity", "kid", "created_at", "updated_at")
SESSION_FIELDS = ("public_id", "device_name", "user_agent", "country", "created_at", "last_seen_at",
                  "expires_at", "revoked_at", "revoked_because")  # fmt: skip


class StaffAccount(DomainError):
    """Erasing it would erase what it did: the admin's log goes with the account that wrote it."""

    code = "staff_account"
    status = 409
    detail = "This account may enter the admin. Take the staff rights away first."


def ask_for_copy(user: User, *, caller: Caller, anew: bool = False) -> DataRequest:
    """The account's latest copy or the running request for one; a new request where there is none."""
    now = timezone.now()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        ours = DataRequest.objects.filter(account=user, kind=Kind.EXPORT)
        open_one = ours.filter(state__in=[State.QUEUED, State.RUNNING]).first()
        done = ours.filter(state=State.DONE, asked_at__gt=now - FRESH_FOR, expires_at__gt=now).first()
        found = open_one or (None if anew else done)
        if found:
            return found
        audit.record(audit.Kind.DATA_EXPORTED, account=user.public_id, caller=caller)
        return _open(user, Kind.EXPORT)


def erase_account(user: User, *, password: str, caller: Caller) -> DataRequest:
    """Shut the account at once, and erase it in the background. The request is the receipt.

    Raises `StaffAccount`.
    """
    sessions.confirm_password(user, password, caller=caller)
    return begin_erasure(user, caller=caller)


def begin_erasure(user: User, *, caller: Caller | None = None) -> DataRequest:
    """The same for a request that came by other ways, such as a letter (`manage.py erase_account`)."""
    with transaction.atomic():
        if User.objects.select_for_update().get(pk=user.pk).is_staff:
            raise StaffAccount
        found = DataRequest.objects.filter(
            account=user, kind=Kind.ERASE, state__in=[State.QUEUED, State.RUNNING]
        ).first()
        User.objects.filter(pk=user.pk).update(is_active=False)
        sessions.sign_out_everywhere(user, because="erased", caller=caller)
        return found or _open(user, Kind.ERASE)


def _open(user: User, kind: DataRequest.Kind) -> DataRequest:
    request = DataRequest.objects.create(
        kind=kind, account=user, account_public_id=user.public_id, asked_at=timezone.now()
    )
    jobs.enqueue(RUN, request=str(request.public_id))
    return request


def run(request: DataRequest) -> None:
    """The background half; safe to repeat after a crash."""
    if request.state == State.DONE:
        return
    request.start()
    request.save(update_fields=["state"])
    account = request.account
    if request.kind == Kind.EXPORT and account:
        _export(request, account)
    else:
        _erase(request, account)
    log.info("data request done", extra={"kind": request.kind, "account": str(request.account_public_id)})


def _export(request: DataRequest, user: User) -> None:
    now = timezone.now()
    result = {name: holder.export(user) for name, holder in HOLDERS.items()}
    request.result = {"account": str(user.public_id), "made_at": now.isoformat(), **_plain(result)}
    request.finished_at, request.expires_at = now, now + COPY_LIVES
    request.finish()
    # Naming the fields: a request that an erasure deleted meanwhile must not come back with the copy in it.
    request.save(update_fields=["result", "finished_at", "expires_at", "state"])


def _erase(request: DataRequest, user: User | None) -> None:
    """The account's own holder goes last: while its row is there, the job can be repeated."""
    counts: dict[str, Any] = {}
    with transaction.atomic():
        if DataRequest.objects.select_for_update().get(pk=request.pk).state == State.DONE:
            # Another worker took this one for dead, and was quicker.
            return
        if user:
            for name, holder in reversed(HOLDERS.items()):
                counts[name] = holder.erase(user)
            audit.record(audit.Kind.ACCOUNT_ERASED, account=request.account_public_id)
        request.account = None
        request.result = {
            "erased": counts,
            "kept": {name: one.kept for name, one in HOLDERS.items() if one.kept},
        }
        request.finished_at = timezone.now()
        request.finish()
        request.save()


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """Values as JSON has them."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(data, default=str))
    return plain


def erase_profile(account: str, profile: str) -> None:
    """What is held elsewhere of a profile that is deleted; safe to repeat."""
    for holder in HOLDERS.values():
        if holder.erase_profile:
            holder.erase_profile(account, profile)


def give_up(request: DataRequest) -> None:
    """After a try, good or bad: an export that is not made and has no try left has failed, so that it may be
    asked for anew. An erasure is never given up."""
    with transaction.atomic():
        unmade = DataRequest.objects.select_for_update().filter(
            pk=request.pk, kind=Kind.EXPORT, state__in=[State.QUEUED, State.RUNNING]
        )
        if (found := unmade.first()) and not _will_be_tried(found):
            found.fail()
            found.save(update_fields=["state"])


def _will_be_tried(request: DataRequest) -> bool:
    """Whether a job has it that may try again. The try at work is not counted among `attempts` yet."""
    mine = ProcrastinateJob.objects.filter(task_name=RUN, args__request=str(request.public_id))
    return bool(mine.filter(status__in=["todo", "doing"], attempts__lt=TRIES - 1).exists())


def pick_up_stuck() -> None:
    """Requests whose job was lost: a copy may be asked for anew, an erasure is begun again."""
    stuck = DataRequest.objects.filter(
        state__in=[State.QUEUED, State.RUNNING], asked_at__lt=timezone.now() - STUCK_AFTER
    )
    for request in stuck:
        log.error("data request stuck", extra={"kind": request.kind, "request": str(request.public_id)})
        if request.kind == Kind.ERASE:
            jobs.enqueue(RUN, request=str(request.public_id))
        else:
            request.fail()
            request.save(update_fields=["state"])


def forget_copies() -> int:
    """Drop the copies past their seven days; the requests stay."""
    return DataRequest.objects.filter(kind=Kind.EXPORT, expires_at__lt=timezone.now()).update(result=None)


# --- What accounts itself holds --------------------------------------------------------------------


def _export_own(user: User) -> dict[str, Any]:
    events = SecurityEvent.objects.filter(account=user.public_id)
    return {
        "account": User.objects.filter(pk=user.pk).values(*ACCOUNT_FIELDS).get(),
        "profiles": list(Profile.objects.filter(account=user).values(*PROFILE_FIELDS)),
        "sessions": list(Session.objects.filter(account=user).values(*SESSION_FIELDS)),
        "security_events": list(events.values("at", "kind", "session", "network", "facts")),
        "data_requests": list(user.data_requests.values("public_id", "kind", "state", "asked_at")),
    }


def _erase_own(user: User) -> dict[str, int]:
    ids = list(Session.objects.filter(account=user).values_list("public_id", flat=True))
    counts = {
        "profiles": Profile.objects.filter(account=user).count(),
        "sessions": len(ids),
        "mail_tokens": MailToken.objects.filter(account=user).delete()[0],
        "exports": DataRequest.objects.filter(account=user, kind=Kind.EXPORT).delete()[0],
        "idempotency_keys": IdempotentAnswer.objects.filter(
            Q(scope=f"account:{user.pk}") | Q(body__email__in=[user.email, user.pending_email or user.email])
        ).delete()[0],
    }
    _erase_from_logs(user)
    User.objects.filter(pk=user.pk).delete()
    transaction.on_commit(lambda: store.forget_states(ids))
    return {**counts, "account": 1}


def _erase_from_logs(user: User) -> None:
    """The admin's log shows what an object was called; jobs that failed keep the account's id."""
    logged = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)
    )
    logged.update(object_repr="erased account")
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE args->>'account' = %s AND status <> 'doing'",
            [str(user.public_id)],
        )


register(
    Holder(
        "accounts",
        _export_own,
        _erase_own,
        kept="Security events under the account's random id, without name or e-mail, for one year "
        "(DPDP Rules 2025, rule 6: logs are kept for at least one year). This receipt.",
    )
)
