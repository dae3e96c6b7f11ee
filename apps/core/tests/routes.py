"""A URLconf for tests: the site's own, and views that do what no real view may."""

from typing import Any

import psycopg
import redis
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.urls import path
from procrastinate.exceptions import ConnectorException
from pymongo.errors import ServerSelectionTimeoutError
from rest_framework import exceptions as drf
from rest_framework import generics, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import ratelimit
from apps.core.api.serializers import SecretField, StrictSerializer, TextField
from apps.core.errors import Busy, DomainError, InvalidField
from apps.core.idempotency import idempotent
from apps.core.models import IdempotentAnswer
from ottsite.urls import urlpatterns as site

SECRET = "the-value-of-a-local-variable"


def deadlock() -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = psycopg.errors.DeadlockDetected()
    return error


RAISES: dict[str, Any] = {
    "bug": lambda: RuntimeError(SECRET),
    "domain": lambda: DomainError("Not now.", extra={"tries_left": 2}),
    "field": lambda: InvalidField("a.b", "taken", "It is taken."),
    "busy": lambda: Busy(retry_after_s=7),
    "throttled": lambda: drf.Throttled(wait=9),
    "denied": drf.PermissionDenied,
    "django-denied": PermissionDenied,
    "missing": Http404,
    "suspicious": lambda: SuspiciousOperation(SECRET),
    "too-big": RequestDataTooBig,
    "hung-up": lambda: UnreadablePostError(SECRET),
    "postgres": lambda: OperationalError(SECRET),
    "postgres-closed": lambda: InterfaceError(SECRET),
    "postgres-deadlock": deadlock,
    "redis": lambda: redis.ConnectionError(SECRET),
    "redis-slow": lambda: redis.TimeoutError(SECRET),
    "mongo": lambda: ServerSelectionTimeoutError(SECRET),
    "queue": lambda: ConnectorException(SECRET),
}


class Raising(APIView):
    """Fails in the way that its path names."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request, kind: str) -> Response:
        raise RAISES[kind]()


def plain(request: HttpRequest, kind: str) -> HttpResponse:
    """The same outside DRF, where Django's own error pages lurk."""
    raise RAISES[kind]()


class Line(StrictSerializer):
    amount = serializers.IntegerField(min_value=1, max_value=9)


class Order(StrictSerializer):
    name = TextField(max_length=20)
    secret = SecretField(required=False)
    kind = serializers.ChoiceField(choices=["a", "b"], required=False)
    gift = serializers.BooleanField(required=False)
    lines = Line(many=True, required=False)
    made_at = serializers.DateTimeField(read_only=True)


class Orders(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request: Request) -> Response:
        """Says back what it understood."""
        order = Order(data=request.data)
        order.is_valid(raise_exception=True)
        return Response(order.validated_data, status=201)


class Groups(APIView):
    """Creates a group, once a key."""

    permission_classes = (AllowAny,)

    @idempotent
    def post(self, request: Request, **captured: Any) -> Response:
        body: Any = request.data
        name = body["name"]
        with transaction.atomic():
            group = Group.objects.create(name=name)
            if name == "refused":
                raise DomainError("This name is refused.")
        return Response({"id": group.pk, "name": name}, status=201)


class AnswerOut(serializers.ModelSerializer[IdempotentAnswer]):
    class Meta:
        model = IdempotentAnswer
        fields = ["id", "key"]


class Answers(generics.ListAPIView[IdempotentAnswer]):
    """A list to page through."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    queryset = IdempotentAnswer.objects.all()
    serializer_class = AnswerOut
    ordering: tuple[str, ...] = ("-created_at", "-id")


class AnswersByKey(Answers):
    ordering = ("status", "id")


class Strict(APIView):
    """A rule of its own, stricter than the default one."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        ratelimit.enforce("strict", "everybody", "2/m")
        return Response({})


urlpatterns = [
    path("api/v1/test/raise/<kind>", Raising.as_view()),
    path("api/v1/test/plain/<kind>", plain),
    path("api/v1/test/orders", Orders.as_view()),
    path("api/v1/test/groups", Groups.as_view()),
    path("api/v1/test/groups/<uuid:parent>", Groups.as_view()),
    path("api/v1/test/answers", Answers.as_view()),
    path("api/v1/test/answers-by-status", AnswersByKey.as_view()),
    path("api/v1/test/strict", Strict.as_view()),
    path("test/plain/<kind>", plain),
    *site,
]
