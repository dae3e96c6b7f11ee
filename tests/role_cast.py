"""One of each role, things that addresses lead to, and a request for every route."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.admin import site
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from apps.accounts.models import Profile, User
from apps.accounts.services import audit, personal_data, profiles, sessions
from apps.accounts.services.profiles import Proof
from apps.accounts.tests.factories import PASSWORD, ProfileFactory, UserFactory
from apps.billing.models import Plan, SubscriptionChange
from apps.billing.services import subscribing
from apps.billing.services.subscribing import Cause
from apps.catalog.models import Artwork, Collection, Genre, Kind, Tag, Team, Title, TitleVersion, Transfer
from apps.catalog.services import contents, publishing, releases, transfers
from apps.catalog.tests.factories import ArtworkFactory, AssetFactory, PersonFactory, TitleFactory, staff
from apps.core.network import Caller
from apps.engagement.models import DeadLetter
from apps.media.models import Job
from apps.media.services import jobs, uploads
from apps.media.services.jobs import NewStep
from apps.media.services.uploads import Announced
from apps.streaming.models import PlaybackSession
from apps.workflow.models import Comment, Transition
from apps.workflow.services import comments

from .role_table import TALKED_ABOUT

HERE = Caller("127.0.0.1", "roles", "")
SOON = datetime(2035, 1, 1, tzinfo=UTC)
# What a title has to be for a deed to be its turn, and what the deed takes.
DEEDS: dict[str, tuple[str, dict[str, Any]]] = {
    "submit": ("draft", {}),
    "withdraw": ("in_review", {}),
    "request-changes": ("in_review", {"note": "No."}),
    "approve": ("in_review", {}),
    "revise": ("approved", {}),
    "publish": ("approved", {}),
    "schedule": ("approved", {"at": SOON.isoformat()}),
    "unschedule": ("scheduled", {}),
    "unpublish": ("published", {"note": "No."}),
    "archive": ("unpublished", {}),
    "restore": ("archived", {}),
    "discard": ("changed", {}),
    "rollback": ("published", {"number": 1, "note": "No."}),
}


class Cast:
    """Nobody but `_others` has worked on what it holds, so that four eyes stand in nobody's way."""

    def __init__(self) -> None:
        call_command("loaddata", "groups", "plans", verbosity=0)
        self._others = staff("Editor", "Publisher"), staff("Reviewer")
        self.users: dict[str, User] = {
            "viewer": UserFactory(),
            "kid": UserFactory(),
            "editor": staff("Editor"),
            "reviewer": staff("Reviewer"),
            "publisher": staff("Publisher"),
            "superuser": UserFactory(is_staff=True, is_superuser=True),
        }
        self.own: dict[str, Profile] = {
            role: ProfileFactory(account=user, kid=role == "kid", maturity=7 if role == "kid" else 18)
            for role, user in self.users.items()
        }
        Profile.objects.filter(pk=self.own["viewer"].pk).update(pin_locked_until=SOON)
        self._tokens = {role: self._token(role) for role in self.users}
        self._cookies = {role: self._cookie(user) for role, user in self.users.items()}

    def _token(self, role: str) -> str:
        access = sessions.sign_in(self.users[role].email, PASSWORD, caller=HERE).access
        if role != "kid":
            return access
        session = self.users[role].sessions.get().public_id
        return profiles.select(self.own[role], session_id=session, from_kid=False, proof=Proof(), caller=HERE)

    @staticmethod
    def _cookie(user: User) -> str:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return client.cookies[settings.SESSION_COOKIE_NAME].value

    def api(self, role: str) -> APIClient:
        client = APIClient(raise_request_exception=False)
        if role in self._tokens:
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {self._tokens[role]}")
        return client

    def browser(self, role: str) -> Client:
        client = Client(raise_request_exception=False)
        if role in self._cookies:
            client.cookies[settings.SESSION_COOKIE_NAME] = self._cookies[role]
        return client

    # --- Things ---

    def title(self, state: str) -> Title:
        """A title in that state; "changed" is live, with a draft in the making."""
        title: Title = TitleFactory(complete=True, name=f"A title that is {state}")
        editor, reviewer = self._others
        ways: dict[str, list[Callable[[], Any]]] = {
            "draft": [],
            "in_review": [lambda: publishing.submit(title, by=editor)],
        }
        ways["approved"] = [*ways["in_review"], lambda: publishing.approve(title, by=reviewer)]
        ways["scheduled"] = [*ways["approved"], lambda: releases.schedule(title, at=SOON, by=editor)]
        ways["published"] = [*ways["approved"], lambda: publishing.publish(title, by=editor)]
        ways["changed"] = [*ways["published"], lambda: contents.change_title(title, by=editor, name="New")]
        ways["unpublished"] = [
            *ways["published"],
            lambda: publishing.unpublish(title, by=editor, note="For the test."),
        ]
        ways["archived"] = [*ways["unpublished"], lambda: publishing.archive(title, by=editor)]
        for step in ways[state]:
            step()
        title.refresh_from_db()
        return title

    @cached_property
    def titles(self) -> dict[str, Title]:
        states = ("draft", "in_review", "approved", "scheduled", "published", "changed", "unpublished",
                  "archived")  # fmt: skip
        return {state: self.title(state) for state in states}

    @cached_property
    def series(self) -> Title:
        series: Title = TitleFactory(kind=Kind.SERIES, complete=True)
        return series

    @cached_property
    def things(self) -> dict[str, Any]:
        """By the part of the address that names their kind."""
        season = self.series.seasons.get()
        waiting = releases.compose(
            "Waiting", action="publish", at=SOON, items=[releases.Entry(self.title("approved"))],
            by=self._others[0],
        )  # fmt: skip
        releases.arm(waiting, by=self._others[0])
        return {
            "titles": self.titles["draft"],
            "seasons": season,
            "episodes": season.episodes.first(),
            "extras": self.series.extras.create(name="Trailer"),
            "windows": self.series.windows.get(),
            "artwork": self.picture,
            "people": PersonFactory(),
            "genres": Genre.objects.create(slug="drama", name="Drama"),
            "tags": Tag.objects.create(slug="open", name="Open"),
            "teams": Team.objects.create(slug="india", name="India"),
            "collections": Collection.objects.create(slug="picks", name="Picks"),
            "releases": releases.compose(
                "Draft", action="publish", at=SOON, items=[releases.Entry(self.titles["approved"])],
                by=self._others[0],
            ),
            "waiting": waiting,
            "comments": comments.add(self.titles["draft"], "Look.", by=self._others[0]),
            "uploads": uploads.begin(Announced("film.mp4", 10), by=self.users["editor"]),
        }  # fmt: skip

    @cached_property
    def picture(self) -> Artwork:
        path = default_storage.save("variant.webp", ContentFile(b"RIFF"))
        variant = {"format": "webp", "width": 320, "height": 480, "path": path}
        artwork: Artwork = ArtworkFactory(title=self.titles["draft"], variants=[variant], kind="banner")
        return artwork

    @cached_property
    def shown(self) -> dict[str, str]:
        """Slugs of what everybody may see."""
        title, person = self.titles["published"], PersonFactory(slug="asha")
        with_credit = TitleFactory(complete=True)
        with_credit.credits.create(person=person)
        picks = Collection.objects.create(slug="shown", name="Shown", published=True)
        picks.items.create(title=title)
        editor, reviewer = self._others
        publishing.submit(with_credit, by=editor)
        publishing.approve(with_credit, by=reviewer)
        publishing.publish(with_credit, by=editor)
        return {"titles": title.slug, "people": person.slug, "collections": picks.slug}

    def _export(self) -> Transfer:
        """One that is done."""
        transfer = transfers.ask_export(file_format="csv", by=self._others[0])
        transfer.state = Transfer.State.DONE
        transfer.file.save("export.csv", ContentFile(b"name"))
        return transfer

    @staticmethod
    def _sold(viewer: User) -> dict[str, Any]:
        plan = Plan.objects.get(slug="premium")
        held = subscribing.grant(viewer, plan=plan, cause=Cause())
        return {
            "billing.plan": plan,
            "billing.subscription": held,
            "billing.subscriptionchange": SubscriptionChange.objects.get(subscription=held),
        }

    @cached_property
    def rows(self) -> dict[str, Model]:
        """One row of every model that the newsroom shows, by its label."""
        viewer = self.users["viewer"]
        made: dict[str, Any] = {
            "auth.group": Group.objects.get(name="Editor"),
            "accounts.user": viewer,
            "accounts.profile": self.own["viewer"],
            "accounts.lockedprofile": self.own["viewer"],
            "accounts.session": viewer.sessions.get(),
            "accounts.securityevent": audit.record(
                audit.Kind.SIGNED_IN, account=viewer.public_id, caller=HERE
            ),
            "accounts.datarequest": personal_data.ask_for_copy(viewer, caller=HERE, anew=False),
            **self._sold(viewer),
            "streaming.playbacksession": PlaybackSession.objects.create(
                account=viewer.public_id,
                profile=self.own["viewer"].public_id,
                plan="premium",
                signed_in=viewer.sessions.get().public_id,
                title=self.titles["published"].public_id,
                asset=uuid4(),
                device_id="tablet",
                started_at=timezone.now(),
            ),
            "catalog.title": self.titles["draft"],
            "catalog.season": self.things["seasons"],
            "catalog.episode": self.things["episodes"],
            "catalog.artwork": self.picture,
            "catalog.person": self.things["people"],
            "catalog.genre": self.things["genres"],
            "catalog.tag": self.things["tags"],
            "catalog.team": self.things["teams"],
            "catalog.collection": self.things["collections"],
            "catalog.release": self.things["releases"],
            "catalog.titleversion": TitleVersion.objects.first(),
            "catalog.transfer": self._export(),
            "engagement.deadletter": DeadLetter(pk=1),
            "media.asset": AssetFactory(),
            "media.job": jobs.open_job(AssetFactory(), Job.Kind.PACKAGE, [NewStep("probe", 0)], by=None),
            "workflow.comment": self.things["comments"],
            "workflow.transition": Transition.objects.first(),
        }
        made["procrastinate.procrastinatejob"] = ProcrastinateJob.objects.first()
        missing = {model._meta.label_lower for model in site._registry} - made.keys()
        assert not missing, f"a row for {missing}, please"
        return made

    @cached_property
    def remarks(self) -> dict[str, Comment]:
        """One about the row of every model that can be talked about, by its label."""
        labels = [f"catalog.{name}" for name in TALKED_ABOUT]
        return {label: comments.add(self.rows[label], "Look.", by=self._others[0]) for label in labels}
