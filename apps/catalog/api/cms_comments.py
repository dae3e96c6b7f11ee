"""What editors say to each other about a title."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.catalog.models import Title
from apps.core.api.schema import refuses
from apps.core.api.serializers import StrictSerializer
from apps.core.idempotency import idempotent
from apps.workflow.models import Comment
from apps.workflow.services import comments

from .cms_base import Desk, read
from .cms_fields import ProseField, Ref


class CommentIn(StrictSerializer):
    text = ProseField(max_length=comments.LONGEST, help_text="@name mails the one who is called that.")
    reply_to = Ref(Comment, required=False)


class ReplyOut(serializers.ModelSerializer[Comment]):
    id = serializers.UUIDField(source="public_id")
    author = serializers.CharField(source="who", help_text="For people: an e-mail, or what became of it.")

    class Meta:
        model = Comment
        fields = ["id", "author", "text", "created_at"]
        read_only_fields = fields


class CommentOut(ReplyOut):
    resolved_by = serializers.SlugRelatedField(slug_field="email", read_only=True, allow_null=True)
    replies = ReplyOut(many=True)

    class Meta:
        model = Comment
        fields = [*ReplyOut.Meta.fields, "resolved_at", "resolved_by", "replies"]
        read_only_fields = fields


class Said(Desk):
    """Comments on the title of the address."""

    def remarks(self, public_id: UUID) -> Any:
        title = self.title(public_id)
        self.demand_view(Comment)
        replies = Prefetch("replies", queryset=Comment.objects.select_related("author"))
        rows = Comment.objects.about(title).filter(thread=None)
        return rows.select_related("author", "resolved_by").prefetch_related(replies)

    def answer(self, comment: Comment, code: int = status.HTTP_200_OK) -> Response:
        """The whole thread."""
        remark = comment.thread_id or comment.pk
        return Response(CommentOut(self.remarks(self.kwargs["public_id"]).get(pk=remark)).data, status=code)


class CommentsView(Said, generics.ListAPIView[Comment]):
    serializer_class = CommentOut
    ordering = ("created_at", "id")

    def get_queryset(self) -> Any:
        return self.remarks(self.kwargs["public_id"])

    @extend_schema(responses=CommentOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What was said about it, the oldest first, with replies."""
        return self.list(request, *args, **kwargs)

    @extend_schema(request=CommentIn, responses={201: CommentOut})
    @idempotent
    def post(self, request: Request, public_id: UUID) -> Response:
        """Say something about it, or reply; the answer is the whole thread."""
        title = self.title(public_id)
        said = comments.add(title, by=self.staff, **read(CommentIn, request))
        return self.answer(said, status.HTTP_201_CREATED)


class Settling(Said):
    def remark(self, public_id: UUID, comment_id: UUID) -> Comment:
        about: Title = self.title(public_id)
        self.demand_view(Comment)
        found: Comment = get_object_or_404(Comment.objects.about(about), public_id=comment_id)
        return found


class ResolveView(Settling):
    @extend_schema(request=None, responses=CommentOut)
    @refuses(400)
    def post(self, request: Request, public_id: UUID, comment_id: UUID) -> Response:
        """Settle a remark, and its replies with it."""
        remark = self.remark(public_id, comment_id)
        comments.resolve(remark, by=self.staff)
        return self.answer(remark)


class ReopenView(Settling):
    @extend_schema(request=None, responses=CommentOut)
    @refuses(400)
    def post(self, request: Request, public_id: UUID, comment_id: UUID) -> Response:
        """Take up a settled remark again."""
        remark = self.remark(public_id, comment_id)
        comments.reopen(remark, by=self.staff)
        return self.answer(remark)
