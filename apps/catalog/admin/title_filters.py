"""What the list of titles can be narrowed to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter

from apps.catalog.models import (
    Credit,
    ExternalId,
    Genre,
    Kind,
    Tag,
    Tier,
    Title,
    TitleText,
    TitleVersion,
    Window,
)
from apps.workflow.models import Priority
from apps.workflow.moves import State
from apps.workflow.services import planning

from . import gaps
from .refusals import person

Titles = QuerySet[Title]


class Pick(DropdownFilter):
    """One of some choices; `narrow` says what each means."""

    options: Any = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return self.options() if callable(self.options) else self.options

    def queryset(self, request: HttpRequest, queryset: Titles) -> Titles:
        value = self.value()
        if not value or value not in {str(key) for key, _ in self.lookup_choices}:
            return queryset
        return self.narrow(request, queryset, value)

    def narrow(self, request: HttpRequest, titles: Titles, value: str) -> Titles:
        raise NotImplementedError


class QueueFilter(Pick):
    title, parameter_name = "queue", "queue"
    options = (("mine", "My queue"), ("unassigned", "Nobody's"), ("assigned", "Assigned to me"))

    def narrow(self, request: HttpRequest, titles: Titles, value: str) -> Titles:
        if value == "mine":
            return titles.filter(pk__in=planning.queue_of(person(request), Title).order_by().values("pk"))
        return titles.filter(assignee=None if value == "unassigned" else person(request))


class StateFilter(Pick):
    title, parameter_name = "state", "state"
    options = State.choices

    def narrow(self, request: HttpRequest, titles: Titles, value: str) -> Titles:
        return titles.filter(state=value)


class KindFilter(Pick):
    title, parameter_name = "kind", "kind"
    options = Kind.choices

    def narrow(self, request: HttpRequest, titles: Titles, value: str) -> Titles:
        return titles.filter(kind=value)


class LiveFilter(Pick):
    title, parameter_name = "what viewers see", "live"
    options = (
        ("yes", "Live"),
        ("changed", "Live, with a newer draft"),
        ("no", "Not live"),
        ("never", "Never live"),
    )

    def narrow(self, request: HttpRequest, titles: Titles, value: str) -> Titles:
        if value == "never":
            return titles.filter(~Exists(TitleVersion.objects.filter(title=OuterRef("pk"))))
        if value == "changed":
            return titles.filter(live_version__isnull=False).exclude(state=State.PUBLISHED)
        return titles.filter(live_version__isnull=value == "no")


class GenreFilter(Pick):
    title, parameter_name = "genre", "genre"

    def options(self) -> Any:
        return Genre.objects.values_list("slug", "name")[:200]

    def narrow(self, request: HttpRequest, titles: Titles, value: str) -> Titles:
        return titles.filter(pk__in=Title.genres.through.objects.filter(genre__slug=value).values("title_id"))


class TagFilter(Pick):
    title, parameter_name = "tag", "tag"

    def options(self) -> Any:
        return Tag.objects.values_list("slug", "name")[:200]

    def narrow(self, request: HttpRequest, titles: Titles, value: str) -> Titles:
        return titles.filter(pk__in=Title.tags.through.objects.filter(tag__slug=value).values("title_id"))


class TierFilter(Pick):
    title, parameter_name = "rights", "rights"
    options = (("free", "Free now"), ("premium", "Premium only now"), ("ending", "Ends within 14 days"),
               ("ended", "All windows have ended"), ("later", "Begins later"))  # fmt: skip

    def narrow(self, request: HttpRequest, titles: Titles, value: str) -> Titles:
        at = timezone.now()
        own = Window.objects.filter(title=OuterRef("pk"))
        open_now = own.filter(Q(starts_at=None) | Q(starts_at__lte=at), Q(ends_at=None) | Q(ends_at__gt=at))
        lasting = own.filter(Q(ends_at=None) | Q(ends_at__gt=at))
        free = Exists(open_now.filter(tier=Tier.FREE))
        conditions: dict[str, Callable[[], Titles]] = {
            "free": lambda: titles.filter(free),
            "premium": lambda: titles.filter(Exists(open_now), ~free),
            "ending": lambda: titles.filter(
                Exists(own.filter(ends_at__gt=at, ends_at__lt=at + timedelta(days=14)))
            ),
            "ended": lambda: titles.filter(Exists(own), ~Exists(lasting)),
            "later": lambda: titles.filter(Exists(own.filter(starts_at__gt=at)), ~Exists(open_now)),
        }
        return conditions[value]()


class DueFilter(Pick):
    title, parameter_name = "due", "due"
    options = (("over", "Overdue"), ("week", "Within 7 days"), ("none", "No due date"))

    def narrow(self, request: HttpRequest, titles: Titles, value: str) -> Titles:
        today = timezone.now().date()
        if value == "none":
            return titles.filter(due_on=None)
        waiting = titles.exclude(state__in=planning.FINISHED)
        if value == "over":
            return waiting.filter(due_on__lt=today)
        return waiting.filter(due_on__gte=today, due_on__lte=today + timedelta(days=7))


class PriorityFilter(Pick):
    title, parameter_name = "priority", "priority"
    options = Priority.choices

    def narrow(self, request: HttpRequest, titles: Titles, value: str) -> Titles:
        return titles.filter(priority=int(value))


class ReadyFilter(Pick):
    title, parameter_name = "checklist", "ready"
    options = (("yes", "Complete, but not submitted"), ("no", "Draft, not complete"))

    def narrow(self, request: HttpRequest, titles: Titles, value: str) -> Titles:
        drafts = titles.filter(state__in=gaps.AT_WORK)
        ready = gaps.ready(drafts, timezone.now())
        return ready if value == "yes" else drafts.exclude(pk__in=ready.order_by().values("pk"))


class MissingFilter(Pick):
    title, parameter_name = "what is missing", "missing"

    def options(self) -> Any:
        synopses = [(f"synopsis_{code}", f"{label} synopsis") for code, label in settings.LANGUAGES]
        return [*synopses, ("poster", "Poster"), ("backdrop", "Backdrop"), ("rating", "Maturity rating"),
                ("windows", "Rights window"), ("genres", "Genres")]  # fmt: skip

    def narrow(self, request: HttpRequest, titles: Titles, value: str) -> Titles:
        if value.startswith("synopsis_"):
            return titles.filter(~gaps.has_synopsis(value.removeprefix("synopsis_")))
        if value == "rating":
            return titles.filter(maturity=None)
        if value == "genres":
            return titles.filter(~Exists(Title.genres.through.objects.filter(title_id=OuterRef("pk"))))
        if value == "windows":
            return titles.filter(~Exists(Window.objects.filter(title=OuterRef("pk"))))
        return titles.filter(~gaps.has_picture(value))


def found_by(titles: Titles, term: str) -> Titles:
    """By working name, a name in any language, address, id elsewhere, or the name of somebody in it."""
    named = TitleText.objects.filter(name__icontains=term).values("title_id")
    with_people = Credit.objects.filter(person__name__icontains=term, title__isnull=False).values("title_id")
    in_episodes = Credit.objects.filter(person__name__icontains=term, episode__isnull=False).values(
        "episode__season__title_id"
    )
    known_as = ExternalId.objects.filter(value__iexact=term, title__isnull=False).values("title_id")
    return titles.filter(
        Q(name__icontains=term) | Q(slug__icontains=term) | Q(pk__in=named) | Q(pk__in=with_people)
        | Q(pk__in=in_episodes) | Q(pk__in=known_as)
    )  # fmt: skip
