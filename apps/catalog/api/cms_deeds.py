"""The deeds of the workflow, and what is told of a title: versions, differences, checklist, history."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.catalog.gates import Gate
from apps.catalog.models import Release, Title, TitleVersion
from apps.catalog.services import contents, publishing
from apps.core.api.schema import ProblemAutoSchema, refuses
from apps.core.api.serializers import StrictSerializer
from apps.core.errors import InvalidField
from apps.core.idempotency import idempotent
from apps.workflow.models import Transition
from apps.workflow.moves import MOVES, Move, State
from apps.workflow.services import planning
from apps.workflow.services.moving import LONGEST_NOTE

from .cms_base import Desk, etag, if_match, read, seen
from .cms_fields import InstantField, ProseField, number, priority
from .cms_serializers import Out, StateOut
from .cms_views import ROWS

DRAFT = "draft"


# --- Deeds -------------------------------------------------------------------------------------------


class DeedIn(StrictSerializer):
    revision = number(required=False, help_text="The one you read; left out, it is not judged.")


class NoteIn(DeedIn):
    note = ProseField(max_length=LONGEST_NOTE, required=False, allow_blank=True)


class WhyIn(DeedIn):
    note = ProseField(max_length=LONGEST_NOTE, help_text="Why, for those who read this later.")


class ScheduleIn(NoteIn):
    at = InstantField()
    action = serializers.ChoiceField(
        choices=Release.Action.choices, required=False, help_text="To go live, unless told."
    )


class RollBackIn(WhyIn):
    number = number(1, help_text="The version that is to be live again.")
    restore_desk = serializers.BooleanField(
        required=False, help_text="Make the working copy that version, too."
    )


class DeedSchema(ProblemAutoSchema):
    """The schema of a deed, read off its move."""

    view: Any

    def get_summary(self) -> str:
        return str(self.view.move.label)

    def get_description(self) -> str:
        return f"{self.view.move.help} Needs `catalog.{self.view.move.permission}_title`."

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), if_match(needed=False)]

    def get_request_serializer(self) -> Any:
        return self.view.body

    def get_response_serializers(self) -> Any:
        return StateOut


class DeedView(Desk):
    """A deed that is done to a title; the answer is where the title is then."""

    schema = DeedSchema()
    deed: Callable[..., Any] = staticmethod(publishing.submit)
    move: Move = MOVES["submit"]
    body: type[StrictSerializer] = NoteIn

    @refuses(409)
    @idempotent
    def post(self, request: Request, public_id: UUID) -> Response:
        title = self.title(public_id)
        given = read(self.body, request)
        revision = seen(request, given, needed=False)
        given.pop("revision", None)
        with contents.as_seen(title, revision):
            self.deed(title, by=self.staff, **given)
        return stood(title)


def stood(title: Title) -> Response:
    """Where it is now."""
    title = ROWS.get(pk=title.pk)
    return Response(StateOut(title).data, headers=etag(title))


class PlanIn(StrictSerializer):
    assignee = serializers.EmailField(max_length=254, required=False, allow_null=True)
    due_on = serializers.DateField(required=False, allow_null=True)
    priority = priority(required=False)


class PlanOut(serializers.ModelSerializer[Title]):
    assignee = serializers.SlugRelatedField(slug_field="email", read_only=True, allow_null=True)
    priority = priority()

    class Meta:
        model = Title
        fields = ["assignee", "due_on", "priority"]
        read_only_fields = fields


class PlanView(Desk):
    @extend_schema(request=PlanIn, responses=PlanOut)
    @refuses(409)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Say whose turn it is, until when and how urgent. In any state; it is no edit."""
        title = self.title(public_id)
        given = read(PlanIn, request)
        if email := given.get("assignee"):
            given["assignee"] = User.objects.with_email(email).first() or unknown(email)
        return Response(PlanOut(planning.plan(title, by=self.staff, **given)).data)


def unknown(email: str) -> User:
    raise InvalidField("assignee", "not_staff", "Nobody who works here and may see this.")


# --- Versions ----------------------------------------------------------------------------------------


class VersionRowOut(serializers.ModelSerializer[TitleVersion]):
    by = serializers.SlugRelatedField(slug_field="email", read_only=True, allow_null=True)
    live = serializers.SerializerMethodField()

    class Meta:
        model = TitleVersion
        fields = ["number", "at", "by", "note", "checksum", "live"]
        read_only_fields = fields

    def get_live(self, version: TitleVersion) -> bool:
        return bool(version.title.live_version_id == version.pk)


class VersionOut(VersionRowOut):
    source = serializers.DictField(help_text="The desk as it was.")
    documents = serializers.DictField(help_text="What players get, by language.")

    class Meta:
        model = TitleVersion
        fields = [*VersionRowOut.Meta.fields, "source", "documents"]
        read_only_fields = fields


class VersionsView(Desk, generics.ListAPIView[TitleVersion]):
    serializer_class = VersionRowOut
    ordering = ("-number",)

    def get_queryset(self) -> Any:
        title = self.title(self.kwargs["public_id"])
        rows = title.versions.defer("source", "columns", "documents")
        return rows.select_related("by", "title")

    @extend_schema(responses=VersionRowOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What was published of it, the newest first."""
        return self.list(request, *args, **kwargs)


class VersionView(Desk):
    @extend_schema(responses=VersionOut)
    def get(self, request: Request, public_id: UUID, number: int) -> Response:
        """A version with all that it holds."""
        versions = self.title(public_id).versions.select_related("by", "title")
        found = versions.filter(number=number).first()
        if found is None:
            raise publishing.NoSuchVersion
        return Response(VersionOut(found).data)


class ChangeOut(Out):
    path = serializers.CharField()
    label = serializers.CharField()
    kind = serializers.ChoiceField(choices=["added", "removed", "changed"])
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class DiffOut(Out):
    changes = ChangeOut(many=True)


def side(name: str, otherwise: str) -> OpenApiParameter:
    schema = {"type": "string", "pattern": "^([1-9][0-9]{0,8}|draft)$", "maxLength": 9}
    return OpenApiParameter(name, schema, description=f"A version's number or `draft`; {otherwise}.")


class DiffView(Desk):
    @extend_schema(
        parameters=[side("from", "the live version if left out"), side("to", "the draft if left out")],
        responses=DiffOut,
    )
    @refuses(400)
    def get(self, request: Request, public_id: UUID) -> Response:
        """What is different between two versions, or a version and the draft, field by field."""
        title = self.title(public_id)
        live = str(title.live_version.number) if title.live_version else DRAFT
        before = which("from", request.query_params.get("from", live))
        after = which("to", request.query_params.get("to", DRAFT))
        changes = publishing.compare(title, before, after)
        return Response(DiffOut({"changes": changes}).data)


def which(path: str, text: str) -> int | None:
    """The number, or None for the draft."""
    if text == DRAFT:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and not text.startswith("0")):
        raise InvalidField(path, "invalid", f"The number of a version, or “{DRAFT}”.")
    return int(text)


# --- Where it stands ---------------------------------------------------------------------------------


class GateOut(Out):
    code = serializers.CharField()
    label = serializers.CharField()
    met = serializers.BooleanField()
    detail = serializers.SerializerMethodField(help_text="What to do; empty where it is met.")
    path = serializers.CharField()

    def get_detail(self, gate: Gate) -> str:
        return "" if gate.met else gate.detail


class ChecklistOut(Out):
    ready = serializers.BooleanField()
    gates = GateOut(many=True)


class ChecklistView(Desk):
    @extend_schema(responses=ChecklistOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Every condition of publishing, met or not."""
        gates = publishing.checklist(self.title(public_id))
        return Response(ChecklistOut({"ready": all(one.met for one in gates), "gates": gates}).data)


class MoveOut(serializers.ModelSerializer[Transition]):
    by = serializers.CharField(source="who", help_text="For people: an e-mail, or what became of it.")
    move = serializers.ChoiceField(choices=list(MOVES))
    source = serializers.ChoiceField(choices=State.choices)
    target = serializers.ChoiceField(choices=State.choices)
    facts = serializers.DictField()

    class Meta:
        model = Transition
        fields = ["at", "by", "move", "source", "target", "note", "facts"]
        read_only_fields = fields


class HistoryView(Desk, generics.ListAPIView[Transition]):
    serializer_class = MoveOut
    ordering = ("-at", "-id")

    def get_queryset(self) -> Any:
        title = self.title(self.kwargs["public_id"])
        return Transition.objects.about(title).select_related("by")

    @extend_schema(responses=MoveOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every move that was made with it, the latest first."""
        return self.list(request, *args, **kwargs)
