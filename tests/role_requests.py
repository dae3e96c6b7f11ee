"""The requests of the role matrix: for every route the one that would do its deed, if it may be done."""

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from apps.catalog.services import previews
from apps.catalog.tests.painting import jpeg

from .role_cast import DEEDS, SOON, Cast
from .role_table import CMS, V1

FORM = "application/x-www-form-urlencoded"
BYTES = "application/offset+octet-stream"
TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Offset": "0"}
SEEN = {"revision": 0}
NAME = {"name": "Another"}
CHANGES: dict[str, dict[str, Any]] = {
    "titles": NAME | SEEN, "seasons": {"held": True} | SEEN, "episodes": NAME | SEEN, "extras": NAME | SEEN,
    "windows": {"tier": "premium"} | SEEN, "artwork": {"alt": "A picture"} | SEEN, "people": NAME,
    "genres": NAME, "tags": NAME, "teams": NAME, "collections": NAME, "releases": NAME,
}  # fmt: skip
# Of routes that ask for more than their path says.
QUERIES = {"admin/autocomplete/": "?app_label=catalog&model_name=episode&field_name=asset&term=x"}
REGEXES = {"admin/app_list": "admin/catalog/", "admin/None": "admin/nothing/"}
DEED_NAMES = {"catalog.release": "arm", "billing.subscription": "change"}
CAPTURED = {"<slug:deed>": "desk", "<int:number>": 1, "<slug:kind>": "title"}


class Asked:
    """As one role."""

    def __init__(self, cast: Cast, role: str) -> None:
        self.cast, self.role = cast, role

    def ask(self, method: str, route: str) -> Any:
        path = self._path(route)
        if route.startswith(f"{CMS}/uploads/"):
            return self._upload(self.cast.api(self.role), method, path)
        body = self._body(method, route)
        if not route.startswith("api/"):
            return self.cast.browser(self.role).generic(method, path, urlencode(body), FORM)
        client = self.cast.api(self.role)
        if route == f"{CMS}/artwork" and method == "POST":
            return client.post(path, encode_multipart(BOUNDARY, body), content_type=MULTIPART_CONTENT)
        headers = {"If-Match": '"0"'} if method == "DELETE" and route.startswith(CMS) else {}
        return getattr(client, method.lower())(
            path, body if body or method == "POST" else None, headers=headers
        )

    @staticmethod
    def _upload(client: Any, method: str, path: str) -> Any:
        return client.generic(method, path, b"12345" if method == "PATCH" else b"", BYTES, headers=TUS)

    def _path(self, route: str) -> str:
        path = REGEXES.get(route, route)
        for placeholder, value in self._captured(route).items():
            path = path.replace(placeholder, str(value))
        return f"/{path}" + QUERIES.get(route, "")

    def _captured(self, route: str) -> dict[str, Any]:
        own, session = self.cast.own.get(self.role), uuid4()
        if self.role in self.cast.users:
            session = self.cast.users[self.role].sessions.get().public_id
        found: dict[str, Any] = {
            "<uuid:session_id>": session,
            "<uuid:profile_id>": own.public_id if own else uuid4(),
            "<receipt:receipt>": "x" * 32,
            "<uuid:title_id>": uuid4(),
            "<letter:letter>": "1-1",
            "<path:rest>": "v1/nothing",
            "<int:number>": 1,
            "<uuid:comment_id>": self.cast.things["comments"].public_id,
        }
        if route.startswith(CMS):
            found["<uuid:public_id>"] = self._thing(route).public_id
        elif route.startswith(V1):
            found["<slug:slug>"] = self.cast.shown.get(route.split("/")[2], "")
        elif route.startswith("admin/"):
            found |= self._row(route)
        else:
            found |= {
                "<uuid:artwork>/<int:width>.<str:format>": f"{self.cast.picture.public_id}/320.webp",
                "<slug:slug>": self.cast.shown["titles"],
                "<uuid:asset>": uuid4(),
                "<uuid:kid>": uuid4(),
                "<path:address>": "thumbs.vtt",
                "<str:token>": previews.link(
                    self.cast.titles["draft"], by=self.cast.users["superuser"]
                ).rpartition("/")[2],
            }
        return found

    def _thing(self, route: str) -> Any:
        """What has to be in the address for the deed to be its turn."""
        kind, _, deed = route.removeprefix(f"{CMS}/").partition("/<uuid:public_id>")
        kind, deed = kind.strip("/"), deed.strip("/")
        if kind == "titles" and deed in DEEDS:
            return self.cast.titles[DEEDS[deed][0]]
        if deed.startswith("versions"):
            return self.cast.titles["published"]
        if deed in {"disarm", "reschedule", "cancel"}:
            return self.cast.things["waiting"]
        return self.cast.things[kind]

    def _row(self, route: str) -> dict[str, Any]:
        """The row of a page of the newsroom."""
        label = ".".join(route.split("/")[1:3])
        row = self.cast.rows.get(label)
        key = row.pk if row else 0
        if route.startswith("admin/catalog/artwork/of/"):
            key = self.cast.titles["draft"].pk
        if label == "catalog.title" and "/versions/<int:number>/" in route:
            key = self.cast.titles["published"].pk
        remark = self.cast.remarks.get(label)
        comment = remark.pk if remark else 0
        name = DEED_NAMES.get(label, "submit")
        upload = self.cast.things["uploads"].public_id
        named = {
            "<uuid:public_id>": upload,
            "<slug:name>": name,
            "<int:comment>": comment,
            "<path:content_type_id>": 1,
        }
        if label == "media.asset" and "<int:track>" in route:
            named["<int:track>"] = row.audio_tracks.get().pk
        return {"<path:object_id>": key, "<int:pk>": key, "<id>": key} | named | CAPTURED

    def _body(self, method: str, route: str) -> dict[str, Any]:
        if method == "GET" or not route.startswith(CMS):
            return self._form(route)
        kind, _, deed = route.removeprefix(f"{CMS}/").partition("/<uuid:public_id>")
        deed = deed.strip("/")
        if deed in DEEDS and kind == "titles":
            return DEEDS[deed][1]
        if deed:
            return {"reschedule": {"at": "2036-01-01T00:00:00Z"}, "plan": {"priority": "high"},
                    "comments": {"text": "Look."}}.get(deed, {})  # fmt: skip
        if method == "POST":
            return self._new(kind)
        return {} if method == "DELETE" else CHANGES[kind]

    def _form(self, route: str) -> dict[str, Any]:
        if route.endswith("/artwork/<int:pk>/edit/"):
            prefix = f"picture-{self.cast.picture.pk}"
            return {f"{prefix}-alt": "Another", f"{prefix}-focal_x": "0.5", f"{prefix}-focal_y": "0.5"}
        return {"post": "yes"} if route.endswith("/delete/") else {}

    def _new(self, kind: str) -> dict[str, Any]:
        series = str(self.cast.series.public_id)
        file = SimpleUploadedFile("poster.jpg", jpeg(), content_type="image/jpeg")
        word = {"slug": "fresh", "name": "Fresh"}
        release = {"name": "New", "action": "publish", "at": SOON.isoformat(), "items": []}
        return {
            "titles": {"name": "New"},
            "seasons": {"title": series, "number": 9},
            "episodes": {"season": str(self.cast.things["seasons"].public_id), "number": 9},
            "extras": {"title": series, "name": "New"},
            "windows": {"title": series},
            "artwork": {"title": series, "kind": "poster", "file": file},
            "people": {"name": "New"},
            "genres": word,
            "tags": word,
            "teams": word,
            "collections": {"name": "New"},
            "releases": release,
        }[kind]
