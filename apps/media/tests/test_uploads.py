"""Files that arrive piece by piece (tus 1.0), through the API."""

from typing import Any

import pytest
from django.conf import settings

from apps.accounts.models import User
from apps.accounts.tests.steps import SignIn
from apps.core.tests.problems import assert_problem, paths_of
from apps.media.models import Asset, AssetState, Job, Upload

from .senders import UPLOADS, V1, Sender, checksum, file_of, noise, refused_field, upload_at, uploader

pytestmark = pytest.mark.django_db


# --- From the beginning to the end -------------------------------------------------------------------


def test_a_file_arrives_in_pieces_and_becomes_a_video_with_a_job(sender: Sender, esha: User) -> None:
    data = noise(3_000_000)
    began = sender.begin(len(data), filename="My_film.final.mp4", role="master", filetype="video/mp4")
    assert began.status_code == 201
    assert began["Tus-Resumable"] == "1.0.0"
    assert began["Upload-Offset"] == "0"
    assert "GMT" in began["Upload-Expires"]
    path = "/" + began["Location"].split("/", 3)[3]
    assert sender.offset(path) == 0

    assert sender.sent(path, data[:1_700_000]) == 1_700_000
    assert sender.offset(path) == 1_700_000
    assert not Asset.objects.exists()
    assert sender.sent(path, data[1_700_000:], at=1_700_000) == 3_000_000

    asset, upload = Asset.objects.get(), upload_at(path)
    assert file_of(path).read_bytes() == data
    assert (asset.name, asset.filename, asset.created_by) == ("My film.final", "My_film.final.mp4", esha)
    assert (asset.state, upload.state, upload.asset) == (AssetState.PROCESSING, "received", asset)
    job = Job.objects.get()
    assert (job.asset, job.kind, job.created_by) == (asset, Job.Kind.PACKAGE, esha)
    assert [(step.name, step.given) for step in job.steps.all()] == [
        ("store", {"upload": str(upload.public_id)})
    ]
    assert sender.offset(path) == 3_000_000


def test_what_becomes_of_it_can_be_asked(sender: Sender) -> None:
    path = sender.begun(10, filename="a.mp4")
    assert sender.client.get(path).json()["asset"] is None
    sender.sent(path, noise(10))
    job = Job.objects.get()
    job.steps.update(done=0.5, cause="It did not work.")

    told = sender.client.get(path).json()

    asset = Asset.objects.get()
    assert (told["state"], told["offset"], told["size"]) == ("received", 10, 10)
    assert told["asset"] == {
        "id": str(asset.public_id), "name": "a", "state": "processing", "duration_ms": None, "failure": "",
        "duplicate_of": None,
        "job": {"state": "waiting", "percent": 50.0, "cause": "It did not work.", "eta_s": None},
    }  # fmt: skip


def test_it_says_what_it_can(sender: Sender) -> None:
    answer = sender.client.options(UPLOADS)

    assert answer.status_code == 204
    assert answer["Tus-Version"] == "1.0.0"
    assert answer["Tus-Extension"] == "creation,termination,checksum,expiration"
    assert answer["Tus-Max-Size"] == str(settings.UPLOAD_MAX_BYTES)
    assert answer["Tus-Checksum-Algorithm"] == "sha1,sha256"


def test_what_was_told_of_it_is_told_again(sender: Sender) -> None:
    asset = Asset.objects.create(name="a", state=AssetState.READY, duration_ms=1)
    path = sender.begun(
        5,
        filename="हिन्दी.srt",
        role="subtitles",
        language="hi",
        asset=str(asset.public_id),
        sdh="",
        forced="false",
    )
    head = sender.client.head(path, headers=V1)

    assert head["Upload-Length"] == "5"
    known = dict(one.split(" ") for one in head["Upload-Metadata"].split(","))
    assert known.keys() == {"filename", "role", "asset", "language", "sdh"}
    upload = upload_at(path)
    assert (upload.filename, upload.sdh, upload.forced) == ("हिन्दी.srt", True, False)
    sender.sent(path, b"12345")
    assert Job.objects.get().kind == Job.Kind.TRACK
    assert Asset.objects.count() == 1


# --- Pieces that do not fit --------------------------------------------------------------------------


def test_a_piece_begins_where_the_last_one_ended(sender: Sender) -> None:
    path = sender.begun(10)
    sender.sent(path, b"12345")

    for wrong in (0, 4, 6, 10):
        body = assert_problem(sender.send(path, b"x", at=wrong), 409, "offset_conflict")
        assert body["offset"] == 5
    assert file_of(path).read_bytes() == b"12345"


def test_more_than_was_announced_is_refused_and_nothing_of_it_kept(sender: Sender) -> None:
    path = sender.begun(10)

    assert_problem(sender.send(path, b"x" * 11), 413)
    assert sender.offset(path) == 0
    sender.sent(path, b"0123456789")
    assert_problem(sender.send(path, b"x", at=10), 409, "upload_complete")


def test_a_checksum_is_held_against_what_arrived(sender: Sender) -> None:
    path, data = sender.begun(2_000_000), noise(2_000_000)

    for algorithm in ("sha1", "sha256"):
        wrong = checksum(data[:1_500_000], algorithm)
        assert_problem(sender.send(path, data[:1_499_999] + b"?", Upload_Checksum=wrong), 460)
        assert sender.offset(path) == 0
        assert file_of(path).stat().st_size == 0
    good = checksum(data[:1_500_000], "sha1")
    assert sender.send(path, data[:1_500_000], Upload_Checksum=good).status_code == 204
    good = checksum(data[1_500_000:])
    assert sender.send(path, data[1_500_000:], at=1_500_000, Upload_Checksum=good).status_code == 204
    assert file_of(path).read_bytes() == data


@pytest.mark.parametrize(
    ("given", "code"),
    [("md5 AAAA", "unsupported"), ("sha1", "invalid"), ("sha256 ???", "invalid"), ("sha1 AAAA", "invalid")],
)
def test_a_checksum_that_is_none_is_refused(sender: Sender, given: str, code: str) -> None:
    path = sender.begun(10)
    refused_field(sender.send(path, b"x", Upload_Checksum=given), "Upload-Checksum", code)


def test_headers_are_demanded(sender: Sender) -> None:
    path = sender.begun(10)
    client = sender.client

    for answer in (
        client.patch(path, b"x", content_type="application/offset+octet-stream"),
        client.head(path, headers={"Tus-Resumable": "0.2.2"}),
        client.delete(path),
        client.post(UPLOADS, headers={"Upload-Length": "1"}),
    ):
        assert answer.status_code == 412
        assert answer["Tus-Version"] == "1.0.0"
        assert answer["Tus-Resumable"] == "1.0.0"
    assert_problem(client.patch(path, b"x", content_type="application/octet-stream", headers=V1), 415)
    assert_problem(client.post(UPLOADS, b"x", content_type="text/plain", headers=V1), 415)
    assert_problem(client.put(path, b"x", content_type="text/plain", headers=V1), 405)
    refused_field(
        client.patch(path, b"x", content_type="application/offset+octet-stream", headers=V1),
        "Upload-Offset",
        "required",
    )
    assert sender.offset(path) == 0


@pytest.mark.parametrize("size", ["", "-1", "1.5", "0x10", "abc", "९", "9" * 19])
def test_a_length_is_a_number_of_bytes(sender: Sender, size: str) -> None:
    refused_field(sender.begin(size), "Upload-Length", "invalid")


def test_a_length_is_told_at_the_beginning_and_a_file_is_not_empty(sender: Sender) -> None:
    refused_field(sender.begin(0), "Upload-Length", "min_value")
    deferred = sender.client.post(UPLOADS, headers=V1 | {"Upload-Defer-Length": "1"})
    refused_field(deferred, "Upload-Defer-Length", "unsupported")
    refused_field(sender.client.post(UPLOADS, headers=V1), "Upload-Length", "required")
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("told", "name", "code"),
    [
        ({"role": "poster"}, "role", "invalid_choice"),
        ({"role": "subtitles"}, "asset", "required"),
        ({"asset": "../../etc/passwd"}, "asset", "invalid"),
        ({"asset": "6f4cbd36-7a9e-4f59-9d6e-0e0a5e2f9a11"}, "asset", "does_not_exist"),
        ({"language": "english!"}, "language", "invalid"),
        ({"forced": "maybe"}, "forced", "invalid"),
    ],
)
def test_what_is_told_of_a_file_is_judged(sender: Sender, told: Any, name: str, code: str) -> None:
    refused_field(sender.begin(5, **told), name, code)
    assert not Upload.objects.exists()


@pytest.mark.parametrize("role", ["audio", "subtitles"])
def test_what_is_added_to_a_video_says_which_language_it_is_in(sender: Sender, role: str) -> None:
    asset = Asset.objects.create(name="a", state=AssetState.READY, duration_ms=1)

    refused_field(sender.begin(5, role=role, asset=str(asset.public_id)), "language", "required")
    assert not Upload.objects.exists()


def test_metadata_that_is_none_is_refused(sender: Sender) -> None:
    for header in ("filename ???", "a QQ==,a QQ==", "filename " + "QUJD" * 3_000):
        answer = sender.client.post(UPLOADS, headers=V1 | {"Upload-Length": "1", "Upload-Metadata": header})
        assert "Upload-Metadata" in paths_of(assert_problem(answer, 400))


NAMES = [
    (b"../../../etc/passwd", "passwd"),
    (b"C:\\films\\sintel.mkv", "sintel.mkv"),
    (b"a\x00b\nc\x1b[31m.mp4", "abc[31m.mp4"),
    ("exe\u202egpj.mp4".encode(), "exegpj.mp4"),
    (b"\xff\xfe.mp4", "\ufffd\ufffd.mp4"),
    ("ॐ\u200dक.mp4".encode(), "ॐ\u200dक.mp4"),
    (b"-version.mp4", "-version.mp4"),
    (b"%04d.mp4", "%04d.mp4"),
    (b"  ", "upload"),
    (b"..", ".."),
    (b"x" * 3000 + b".mp4", "x" * 234 + "…" + "x" * 16 + ".mp4"),
]


@pytest.mark.parametrize(("given", "kept"), NAMES)
def test_a_filename_is_a_label_and_no_path(sender: Sender, given: bytes, kept: str) -> None:
    path = sender.begun(3, filename=given)
    sender.sent(path, b"abc")

    upload = upload_at(path)
    assert upload.filename == kept
    assert [one.name for one in settings.UPLOAD_DIR.iterdir()] == [f"{upload.public_id}.part"]
    assert Asset.objects.get().name


# --- Who may -----------------------------------------------------------------------------------------


def test_an_upload_is_its_senders(sender: Sender, sign_in: SignIn) -> None:
    path = sender.begun(10)
    other, boss = Sender(sign_in(uploader())), Sender(sign_in(uploader(is_superuser=True)))

    assert_problem(other.client.get(path), 404)
    assert_problem(other.send(path, b"x"), 404)
    assert_problem(other.client.delete(path, headers=V1), 404)
    assert other.client.head(path, headers=V1).status_code == 404
    assert boss.sent(path, b"x") == 1


def test_who_may_not_add_videos_is_told_so(esha: User, sign_in: SignIn, api: Any) -> None:
    esha.user_permissions.clear()
    sender = Sender(sign_in(esha))

    assert_problem(sender.begin(10), 403)
    assert_problem(Sender(api).begin(10), 401)
    assert not Upload.objects.exists()
