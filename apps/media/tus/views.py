"""The views of tus 1.0 (https://tus.io/protocols/resumable-upload), whoever is let in to them and how."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import PermissionsMixin
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import http_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.schema import refuses
from apps.media.models import Asset, Upload
from apps.media.services import progress, uploads
from apps.media.services.uploads import Piece

from . import headers

HEADER: Literal["header"] = "header"
VERSION = OpenApiParameter(
    "Tus-Resumable", {"type": "string", "enum": [headers.VERSION]}, HEADER, required=True
)
COUNT = {"type": "integer", "format": "int64", "minimum": 0, "maximum": 10**18 - 1}


class DuplicateOut(serializers.ModelSerializer[Asset]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Asset
        fields = ["id", "name"]
        read_only_fields = fields


class ProgressOut(serializers.Serializer[Any]):
    state = serializers.CharField(help_text="waiting, running, done, quarantined or cancelled.")
    percent = serializers.FloatField()
    cause = serializers.CharField(help_text="Why it stands still, if it does.")
    eta_s = serializers.FloatField(allow_null=True)


class VideoOut(serializers.ModelSerializer[Asset]):
    id = serializers.UUIDField(source="public_id")
    duplicate_of = DuplicateOut(allow_null=True)
    job = serializers.SerializerMethodField()

    class Meta:
        model = Asset
        fields = ["id", "name", "state", "duration_ms", "failure", "duplicate_of", "job"]
        read_only_fields = fields

    @extend_schema_field(ProgressOut(allow_null=True, help_text="The last work on it."))
    def get_job(self, asset: Asset) -> dict[str, Any] | None:
        found = progress.of(asset)
        return None if found is None else dict(ProgressOut(found).data)


class UploadOut(serializers.ModelSerializer[Upload]):
    id = serializers.UUIDField(source="public_id")
    asset = VideoOut(allow_null=True, help_text="The video, once all has arrived.")

    class Meta:
        model = Upload
        fields = ["id", "role", "state", "filename", "size", "offset", "language", "expires_at", "asset"]
        read_only_fields = fields


class Tus(APIView):
    """What all of it shares."""

    # The name of the address of one upload.
    address: ClassVar[str]

    @property
    def staff(self) -> PermissionsMixin:
        """Who uploads."""
        raise NotImplementedError

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in {"HEAD", "POST", "PATCH", "DELETE"} & set(self.allowed_methods):
            headers.demand_version(request.headers)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer.headers["Tus-Resumable"] = headers.VERSION
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(
            status=204,
            headers={
                "Tus-Version": headers.VERSION,
                "Tus-Extension": headers.EXTENSIONS,
                "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
                "Tus-Checksum-Algorithm": ",".join(headers.ALGORITHMS),
            },
        )


class Beginning(Tus):
    @extend_schema(
        request=None,
        responses={201: None},
        parameters=[
            VERSION,
            OpenApiParameter("Upload-Length", COUNT | {"minimum": 1}, HEADER, required=True),
            OpenApiParameter(
                "Upload-Metadata",
                {"type": "string", "maxLength": headers.LONGEST_METADATA},
                HEADER,
                description="filename; role (master, audio, subtitles); asset, the video that it is for; "
                "language; described, forced, sdh. Values in Base64.",
            ),
        ],
    )
    @refuses(400, 409, 412, 413, 415, 507)
    def post(self, request: Request) -> Response:
        """Begin an upload. Its address is in `Location`."""
        if request.headers.get("Content-Length", "0") not in {"", "0"}:
            raise headers.WrongType("An upload begins empty. Send its bytes to its address.")
        upload = uploads.begin(headers.announced(request.headers), by=self.staff)
        where = reverse(self.address, args=[upload.public_id])
        return Response(
            status=201,
            headers={"Location": request.build_absolute_uri(where), **standing(upload)},
        )


class Going(Tus):
    @extend_schema(responses=UploadOut)
    @refuses(410, 412)
    def get(self, request: Request, public_id: UUID) -> Response:
        """How far an upload is, and what becomes of its video.

        `HEAD` says the same in headers alone: `Upload-Offset`, `Upload-Length`, `Upload-Expires`.
        """
        upload = uploads.standing(self.found(public_id))
        told = standing(upload) | {"Upload-Metadata": headers.written(upload)}
        return Response(self.shown(upload), headers=told | {"Upload-Length": str(upload.size)})

    @extend_schema(
        request={headers.BYTES: OpenApiTypes.BINARY},
        responses={204: None},
        parameters=[
            VERSION,
            OpenApiParameter("Upload-Offset", COUNT, HEADER, required=True),
            OpenApiParameter(
                "Upload-Checksum",
                {"type": "string", "maxLength": 100, "pattern": "^(sha1|sha256) [A-Za-z0-9+/]+=*$"},
                HEADER,
                description="Of this piece, in Base64. With one the piece is kept whole or not at all.",
            ),
        ],
    )
    @refuses(409, 410, 412, 423, 460, 507)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Send bytes from an offset on. The last of them hand the file over to be processed."""
        upload = self.found(public_id)
        if (request.content_type or "").partition(";")[0].strip().lower() != headers.BYTES:
            raise headers.WrongType
        upload = uploads.receive(upload, self.piece(request._request))
        return Response(status=204, headers=standing(upload))

    @extend_schema(responses={204: None}, parameters=[VERSION])
    @refuses(409, 412)
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Give an upload up."""
        uploads.drop(self.found(public_id))
        return Response(status=204)

    def found(self, public_id: UUID) -> Upload:
        return get_object_or_404(uploads.own(self.staff), public_id=public_id)

    def shown(self, upload: Upload) -> dict[str, Any]:
        return dict(UploadOut(upload).data)

    @staticmethod
    def piece(request: HttpRequest) -> Piece:
        """What the request brings; nothing of its body is read yet."""
        chunked = bool(request.headers.get("Transfer-Encoding"))
        length = None if chunked else int(request.headers.get("Content-Length") or 0)
        return Piece(
            offset=headers.number(request.headers, "Upload-Offset"),
            read=request.read,
            length=length,
            checksum=headers.checksum(request.headers),
        )


def standing(upload: Upload) -> dict[str, str]:
    """How far it is, as headers."""
    told = {"Upload-Offset": str(upload.offset)}
    if upload.state == Upload.State.RECEIVING:
        told["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return told
