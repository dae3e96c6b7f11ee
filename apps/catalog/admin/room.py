"""What stands around a title's form: its state, what may be done with it, what is missing, who plans it."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django_fsm import can_proceed
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
)

from apps.accounts.models import User
from apps.catalog import pictures
from apps.catalog.models import Artwork, Release, Title
from apps.catalog.services import publishing
from apps.core.errors import DomainError
from apps.workflow import guards, moves
from apps.workflow.models import Priority
from apps.workflow.moves import Move, State
from apps.workflow.services import moving, planning

# Having a live title come down at a time is no move; in its dialog it looks like one.
COME_DOWN = Move(
    "come_down", "Schedule coming down", moves.ALL, None, "publish",
    help="Viewers see it until the time you set. Versions are kept.",
)  # fmt: skip
OFFERED = (
    moves.SUBMIT, moves.APPROVE, moves.PUBLISH, moves.SCHEDULE, moves.REQUEST_CHANGES, moves.WITHDRAW,
    moves.UNSCHEDULE, moves.RESTORE, moves.REVISE, moves.DISCARD, COME_DOWN, moves.UNPUBLISH, moves.ARCHIVE,
)  # fmt: skip
PRIMARY = {moves.SUBMIT.name, moves.APPROVE.name, moves.PUBLISH.name, moves.RESTORE.name}
DANGER = {moves.UNPUBLISH.name, moves.ARCHIVE.name, moves.DISCARD.name, COME_DOWN.name}
# Guards by which a move is not merely refused: it makes no sense.
POINTLESS = {"is_live", "is_not_live"}
NEEDING_GATES = {moves.SUBMIT.name, moves.APPROVE.name, moves.PUBLISH.name, moves.SCHEDULE.name}
TAB_OF = {"artworks": "artwork", "asset": "basics", "maturity": "basics", "descriptors": "basics"}
TABS = {
    "texts": "Texts",
    "seasons": "Seasons & episodes",
    "event": "Event",
    "credits": "Credits",
    "windows": "Rights windows",
    "segments": "Segments",
    "extras": "Extras",
}


class MoveForm(forms.Form):
    """The note of a move, and its time where it has one. `revision` is the one the person looked at."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, move: Move, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if move in (moves.SCHEDULE, COME_DOWN):
            self.fields["at"] = forms.SplitDateTimeField(
                label="When (UTC)",
                widget=UnfoldAdminSplitDateTimeWidget,
                help_text="Within five seconds of it.",
            )
        self.fields["note"] = forms.CharField(
            label="Why" if move.note_needed else "Note (optional)",
            required=move.note_needed,
            max_length=moving.LONGEST_NOTE,
            widget=UnfoldAdminTextareaWidget({"rows": 3}),
            help_text="It is kept with the title's history.",
        )

    def refuse(self, refusal: DomainError) -> None:
        for error in refusal.extra.get("errors", []):
            self.add_error(error["path"] if error["path"] in self.fields else None, error["detail"])
        if not self.errors:
            self.add_error(None, refusal.detail)


class PlanForm(forms.Form):
    assignee = forms.ModelChoiceField(
        User.objects.none(), required=False, widget=UnfoldAdminSelectWidget, empty_label="nobody"
    )
    due_on = forms.DateField(label="Due", required=False, widget=UnfoldAdminDateWidget({"type": "date"}))
    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, title: Title, **kwargs: Any) -> None:
        initial = {"assignee": title.assignee_id, "due_on": title.due_on, "priority": title.priority}
        super().__init__(*args, **kwargs | {"initial": initial, "prefix": "plan"})
        self.fields["assignee"].queryset = colleagues()  # type: ignore[attr-defined]


def colleagues() -> Any:
    """Staff who may see titles."""
    may_see = Q(is_superuser=True) | Q(groups__permissions__codename="view_title")
    may_see |= Q(user_permissions__codename="view_title")
    return User.objects.filter(may_see, is_staff=True, is_active=True).distinct().order_by("email")


@dataclass(frozen=True, slots=True)
class Checked:
    """A publish gate, with the tab of the page and the id of the field where it is met."""

    code: str
    label: str
    met: bool
    detail: str
    tab: str
    field: str


def gates_of(title: Title) -> list[Checked]:
    """The checklist, each gate with the tab and the field where it is met."""
    found = []
    for gate in publishing.checklist(title):
        first, _, rest = gate.path.partition(".")
        tab = TAB_OF.get(first, first if first in TABS else "basics")
        found.append(
            Checked(gate.code, gate.label, gate.met, gate.detail, tab, f"id_{first}" if not rest else "")
        )
    return found


@dataclass(slots=True)
class Button:
    move: Move
    url: str
    form: MoveForm
    unmet: list[Checked] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.move.name

    @property
    def label(self) -> str:
        return self.move.label

    @property
    def primary(self) -> bool:
        return self.name in PRIMARY

    @property
    def danger(self) -> bool:
        return self.name in DANGER


@dataclass
class Room:
    """For `templates/admin/catalog/title/head.html` and `rail.html`."""

    title: Title
    user: User
    at: datetime
    gates: list[Checked]
    tabs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def unmet(self) -> int:
        return sum(not gate.met for gate in self.gates)

    @property
    def live(self) -> int | None:
        return self.title.live_version.number if self.title.live_version else None

    @cached_property
    def pending(self) -> int:
        return len(publishing.pending_changes(self.title))

    @cached_property
    def poster(self) -> str | None:
        kept = self.title.artworks.filter(kind=Artwork.Kind.POSTER, dropped=False, state=Artwork.State.READY)
        poster = kept.order_by("language").first()
        return pictures.thumbnail(poster) if poster else None

    @cached_property
    def scheduled(self) -> Release | None:
        return Release.objects.filter(
            items__title=self.title, state=Release.State.WAITING, action=Release.Action.PUBLISH
        ).first()

    @property
    def problem(self) -> str:
        return self.scheduled.problem if self.scheduled else ""

    @property
    def touches(self) -> bool:
        """Whether having this page open counts as editing."""
        return self.title.is_editable and moving.may(self.user, self.title, "change")

    @cached_property
    def authors(self) -> list[str]:
        return [str(one) for one in self.title.authors.order_by("email")]

    @cached_property
    def explanation(self) -> str:
        """Why the page cannot be edited, or why somebody cannot go on."""
        if not moving.may(self.user, self.title, "change"):
            why = "You may read this title, not change it."
        elif not self.title.is_editable:
            label = State(self.title.state).label.lower()
            why = f"It is {label}, so it cannot be edited now: others judge it, or wait for it, as it is."
        else:
            why = ""
        own = self.title.state == State.IN_REVIEW and moving.may(self.user, self.title, "review")
        if own and (unmet := guards.four_eyes(self.title, self.user)):
            why = f"{why} {unmet[0].detail}"
        return why.strip()

    @cached_property
    def buttons(self) -> list[Button]:
        return [
            self._button(move) for move in OFFERED if possible(self.title, move, by=self.user, at=self.at)
        ]

    def _button(self, move: Move) -> Button:
        url = reverse("admin:catalog_title_move", args=[self.title.pk, move.name])
        form = MoveForm(move=move, auto_id=f"id_{move.name}_%s", initial={"revision": self.title.revision})
        unmet = [gate for gate in self.gates if not gate.met] if move.name in NEEDING_GATES else []
        return Button(move, url, form, unmet)


def possible(title: Title, move: Move, *, by: User, at: datetime) -> bool:
    """Whether the button is worth showing: to this person, in this state. The deed judges again."""
    if not moving.may(by, title, move.permission):
        return False
    if move is COME_DOWN:
        return title.is_live and not _comes_down(title)
    if not can_proceed(getattr(title, move.name)):
        return False
    if move is moves.APPROVE:
        return not guards.four_eyes(title, by)
    if move.name in NEEDING_GATES:
        return True
    return not any(one.code in POINTLESS for one in guards.unmet(title, move, by=by, at=at))


def _comes_down(title: Title) -> bool:
    return Release.objects.filter(
        items__title=title, state=Release.State.WAITING, action=Release.Action.UNPUBLISH
    ).exists()


def room_of(title: Title, user: User) -> Room:
    return Room(title, user, timezone.now(), gates_of(title))


def tabs_of(context: dict[str, Any], title: Title) -> list[dict[str, Any]]:
    """Those of the form, with pictures and talk among them; how much is on each, and what is wrong."""
    form = context["adminform"].form
    inlines = {inline.formset.prefix: inline.formset for inline in context["inline_admin_formsets"]}
    elsewhere = inlines.get("external_ids")
    # A conflict is told above all tabs, and is no reason to leave the one that the editor is on.
    wrong = len([name for name in form.errors if name != "__all__"]) + (
        wrong_in(elsewhere) if elsewhere else 0
    )
    tabs = [{"name": "basics", "label": "Basics", "errors": wrong}]
    tabs += [
        {"name": name, "label": label, "count": counted(inlines[name]), "errors": wrong_in(inlines[name])}
        for name, label in TABS.items()
        if name in inlines
    ]
    kept = title.artworks.filter(dropped=False).count()
    behind = [tab["name"] in {"texts", "seasons", "event"} for tab in tabs]
    tabs.insert(2 + sum(behind[2:]), {"name": "artwork", "label": "Artwork", "count": kept})
    remarks = sum(remark.resolved_at is None for remark in context["comments"]["threads"])
    return [*tabs, {"name": "comments", "label": "Comments", "count": remarks}]


def counted(formset: Any) -> int:
    return 0 if formset.prefix in {"texts", "event"} else formset.initial_form_count()


def wrong_in(formset: Any) -> int:
    """Rows with something wrong in them, nested ones included."""
    if not formset.is_bound:
        return 0
    nested = [one.formset for form in formset.forms for one in getattr(form, "nested_formsets", [])]
    own = sum(bool(errors) for errors in formset.errors) + bool(formset.non_form_errors())
    return own + sum(map(wrong_in, nested))


def planning_of(
    title: Title, user: User, form: PlanForm | None = None, *, saved: bool = False
) -> dict[str, Any]:
    return {"may": planning.may_plan(user, title), "form": form or PlanForm(title=title), "saved": saved}
