"""Beginning to play: decide, take a lease, put it on record, and tell the player all it needs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Profile
from apps.billing.services import plan_that_would_do
from apps.catalog.models import ListingDocument
from apps.catalog.offers import Terms
from apps.core.postgres.inserting import insert
from apps.engagement.services import positions
from apps.streaming.decision import NOT_READY, judge, speaks, tallest, terms, tier_that_would_do
from apps.streaming.models import EndedBy, PlaybackSession
from apps.streaming.refusals import StreamLimit, refusal
from apps.streaming.store import leases
from apps.streaming.store.leases import CODE_LIVES_S, Full, Granted
from apps.streaming.tokens import PLAYBACK_LIVES_S, PlaybackClaims, media_token, playback_token

from . import licensing
from .deciding import Abilities, Case, Who, gather, next_part
from .finding import Live, Part, Tracks, Wanted

Json = dict[str, Any]
# What the answer is sealed with.
KEPT_BACK = frozenset({"claims", "has_thumbnails", "protection"})


@dataclass(frozen=True, slots=True)
class Device:
    """What asks; `signed_in`: the account's session."""

    id: str
    name: str
    able: Abilities
    signed_in: UUID


@dataclass(frozen=True, slots=True)
class Allowed:
    """What will play, as it was decided; `following`: the episode to go on with."""

    case: Case
    live: Live
    part: Part
    tracks: Tracks
    terms: Terms
    following: Part | None


def start(who: Who, device: Device, wanted: Wanted, *, terminate: str = "", key: str = "") -> Json:
    """Begin to play what is wanted; the answer to be `sealed`. `key` is the caller's own for this start, by
    which it may be repeated.

    Raises one of `refusals`; then nothing has begun.
    """
    now = timezone.now()
    allowed = _decided(gather(who, wanted, at=now, able=device.able))
    resume = positions.resume(who.account, who.profile, allowed.part.id, allowed.live.id)
    # An extra is seen from its beginning.
    begins_ms = 0 if allowed.part.is_extra else resume.position_ms
    limit = allowed.case.entitlement.streams
    # Within the transaction of the caller's, if there is one: a savepoint would be two statements more.
    with transaction.atomic(savepoint=False):
        row = _recorded(allowed, who, device, key)
        session = str(row.public_id)
        granted = leases.start(who.account, session, limit=limit, terminate=terminate)
        _note_taken_over(granted.taken_over, now)
        if isinstance(granted, Granted):
            claims = _claims(allowed, who, device, session, max(granted.now_ms, resume.epoch + 1))
            return _answer(allowed, device, claims, granted.interval_s) | {"resume_ms": begins_ms}
        row.delete()
    raise _full(granted, who, limit)


def session_id(account: str, key: str) -> UUID:
    """The id of a session to be. With a key it is the same each time: a process that was killed between
    taking the lease and the commit leaves a lease that nobody plays, and the repeated start takes it over."""
    return uuid5(NAMESPACE_URL, f"playback:{account}:{key}") if key else uuid4()


def sealed(answer: Json) -> Json:
    """The answer with its tokens, which are signed anew whenever the answer is given."""
    open_ = {name: value for name, value in answer.items() if name not in KEPT_BACK}
    claims = PlaybackClaims.from_json(answer["claims"])
    media = media_token(claims.media(timezone.now().timestamp()))
    thumbnails = f"/vod/{media}/{claims.asset}/thumbs.vtt" if answer["has_thumbnails"] else None
    return {
        **open_,
        "playback_token": playback_token(claims),
        "hls_url": f"/play/{media}/master.m3u8",
        "dash_url": f"/play/{media}/manifest.mpd",
        "thumbnails_url": thumbnails,
        "drm": licensing.offered(answer.get("protection", ""), media),
    }


def _decided(case: Case) -> Allowed:
    decision = judge(case.ask)
    if decision and case.live and case.part and case.tracks:
        return Allowed(case, case.live, case.part, case.tracks, terms(case.ask), next_part(case))
    extra: Json = {}
    if decision.code == "plan_required" and case.ask.shown:
        tier = tier_that_would_do(case.ask.viewer, case.ask.shown)
        extra["plan"] = None if tier is None else plan_that_would_do(tier)
    raise refusal(NOT_READY if decision else decision, extra)


def _recorded(it: Allowed, who: Who, device: Device, key: str) -> PlaybackSession:
    row = PlaybackSession(
        public_id=session_id(who.account, key), account=who.account, profile=who.profile, kid=who.kid,
        signed_in=device.signed_in, device_id=device.id, device_name=device.name, territory=who.territory,
        title=it.live.id, asset=it.part.asset, **_ids(it.part), plan=it.case.entitlement.plan,
        max_height=it.terms.max_height, started_at=it.case.ask.viewer.at,
    )  # fmt: skip
    # A key may be used again, for another session, when its answer has been forgotten.
    while not insert(row):
        row.public_id = uuid4()
    return row


def _ids(part: Part) -> dict[str, str | None]:
    """Of the part that plays, where it is not the title itself."""
    return {"episode": part.id if part.is_episode else None, "extra": part.id if part.is_extra else None}


def _claims(it: Allowed, who: Who, device: Device, session: str, epoch: int) -> PlaybackClaims:
    languages = it.terms.languages
    return PlaybackClaims(
        session=session,
        account=who.account,
        profile=who.profile,
        asset=it.part.asset,
        max_height=it.terms.max_height or 0,
        languages=None if languages is None else sorted(languages),
        territory=who.territory,
        expires_at=int(it.case.ask.viewer.at.timestamp()) + PLAYBACK_LIVES_S,
        content=it.part.id,
        card="" if it.part.is_extra else it.live.id,
        next_content=it.following.id if it.following else "",
        epoch=epoch,
        duration_ms=it.tracks.duration_ms,
        credits_ms=it.part.credits_ms,
        device=device.id,
        kid=who.kid,
        streams=it.case.entitlement.streams,
        edition=it.tracks.edition,
        title=it.live.id if it.part.is_extra else "",
        codecs=None if device.able.codecs is None else sorted(device.able.codecs),
    )


def _answer(it: Allowed, device: Device, claims: PlaybackClaims, interval_s: int) -> Json:
    codecs = device.able.codecs
    language, licensed = it.case.ask.viewer.language, it.terms.languages
    contents = it.live.contents
    return {
        "session_id": claims.session,
        "title_id": it.live.id,
        **{f"{name}_id": value for name, value in _ids(it.part).items()},
        "name": contents.name_of(it.part, language),
        "duration_ms": it.tracks.duration_ms,
        "heartbeat_interval_s": interval_s,
        "max_height": tallest(it.tracks.video(codecs), it.terms),
        "audio": [one for one in it.tracks.audio(codecs) if speaks(licensed, one["language"])],
        "subtitles": [one for one in it.tracks.subtitles if speaks(licensed, one["language"])],
        "segments": list(it.part.segments),
        "next_episode": _told(it.following, contents.name_of(it.following, language))
        if it.following
        else None,
        "has_thumbnails": it.tracks.has_thumbnails,
        "protection": it.tracks.protection,
        "claims": claims.to_json(),
    }


def _told(part: Part, name: str) -> Json:
    return {"id": part.id, "season_number": part.season_number, "number": part.number, "name": name}


def _note_taken_over(session: str, now: datetime) -> None:
    if session:
        PlaybackSession.objects.open().filter(public_id=session).update(
            ended_at=now, ended_by=EndedBy.TAKEN_OVER, released=True
        )


def _full(full: Full, who: Who, limit: int) -> StreamLimit:
    """A kid is not told what the others watch."""
    rows = {str(one.public_id): one for one in PlaybackSession.objects.filter(public_id__in=full.codes)}
    names = {} if who.kid else _names([one.title for one in rows.values()], who.language)
    people = {} if who.kid else _people([one.profile for one in rows.values()])
    sessions = [
        {
            "session_id": session,
            "device_name": rows[session].device_name if session in rows else "",
            "profile": people.get(rows[session].profile) if session in rows else None,
            "title": names.get(rows[session].title) if session in rows else None,
            "started_at": rows[session].started_at if session in rows else None,
            "terminate": code or None,
        }
        for session, code in full.codes.items()
    ]
    return StreamLimit(extra={"limit": limit, "expires_in": CODE_LIVES_S, "sessions": sessions})


def _names(titles: list[UUID], language: str) -> dict[UUID, str]:
    found = ListingDocument.objects.filter(listing__public_id__in=titles, language=language)
    return dict(found.values_list("listing__public_id", "name"))


def _people(profiles: list[UUID]) -> dict[UUID, str]:
    found = Profile.objects.filter(public_id__in=profiles)
    return dict(found.values_list("public_id", "name"))
