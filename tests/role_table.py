"""Every route of the site by method, and for whom it is. `test_roles` tries each as each role.

A group says what each role meets: "in" (past every door), a status, or "login" (the admin's sign-in page).
"""

from typing import Any

ROLES = ("anonymous", "viewer", "kid", "editor", "reviewer", "publisher", "superuser")
STAFF = ROLES[3:]
Outcome = Any
Group = dict[str, Outcome]


def only(*roles: str, stranger: Outcome = 401, guest: Outcome = 403, colleague: Outcome = 403) -> Group:
    """Those roles get in; anonymous, viewers and kids, and other staff, meet what is said of them."""
    others: Group = {"anonymous": stranger, "viewer": guest, "kid": guest}
    others |= dict.fromkeys(STAFF, colleague)
    return others | dict.fromkeys(roles, "in")


def desk(*roles: str) -> Group:
    """Of the editorial API; superusers may do everything."""
    return only(*roles, "superuser")


def page(*roles: str, colleague: Outcome = 403) -> Group:
    """Of the newsroom."""
    return only(*roles, stranger="login", guest="login", colleague=colleague)


ANYBODY: Group = dict.fromkeys(ROLES, "in")
NOBODY: Group = dict.fromkeys(ROLES, 404)
PLAYERS: Group = dict.fromkeys(ROLES, 401)
SIGNED_IN: Group = ANYBODY | {"anonymous": 401}
GROWN: Group = SIGNED_IN | {"kid": 403}
# With a profile selected, which of the cast only the kid has.
WATCHING: Group = dict.fromkeys(ROLES, 403) | {"anonymous": 401, "kid": "in"}
READ = desk("editor", "reviewer", "publisher")
EDIT = desk("editor")
REVIEW = desk("reviewer")
PUBLISH = desk("publisher")
ALL_STAFF = page(*STAFF)
E_ONLY = page("editor", "superuser")
P_ONLY = page("publisher", "superuser")
BOSS = page("superuser")
SHUT = page()

# --- The API -----------------------------------------------------------------------------------------

V1, CMS = "api/v1", "api/v1/cms"
ID, TITLE = "<uuid:public_id>", "api/v1/cms/titles/<uuid:public_id>"
GET, POST, PATCH, DELETE = "GET", "POST", "PATCH", "DELETE"
Table = dict[str, dict[str, Group]]


def crud(name: str, write: Group = EDIT, *, dropped: bool = True) -> Table:
    one = {GET: READ, PATCH: write} | ({DELETE: write} if dropped else {})
    return {f"{CMS}/{name}": {GET: READ, POST: write}, f"{CMS}/{name}/{ID}": one}


API: Table = {
    f"{V1}/auth/register": {POST: ANYBODY},
    f"{V1}/auth/login": {POST: ANYBODY},
    f"{V1}/auth/refresh": {POST: ANYBODY},
    f"{V1}/auth/password/reset": {POST: ANYBODY},
    f"{V1}/auth/password/reset/confirm": {POST: ANYBODY},
    f"{V1}/auth/email/verify": {POST: ANYBODY},
    f"{V1}/auth/email/resend": {POST: GROWN},
    f"{V1}/auth/logout": {POST: SIGNED_IN},
    f"{V1}/auth/logout-all": {POST: GROWN},
    f"{V1}/auth/password/change": {POST: GROWN},
    f"{V1}/auth/sessions": {GET: GROWN},
    f"{V1}/auth/sessions/<uuid:session_id>": {DELETE: GROWN},
    f"{V1}/account": {GET: GROWN, PATCH: GROWN, DELETE: GROWN},
    f"{V1}/account/export": {GET: GROWN, POST: GROWN},
    f"{V1}/account/erasures/<receipt:receipt>": {GET: NOBODY},
    f"{V1}/profiles": {GET: SIGNED_IN, POST: GROWN},
    f"{V1}/profiles/<uuid:profile_id>": {GET: GROWN, PATCH: GROWN, DELETE: GROWN},
    # From a kid's profile that takes a PIN or the password, which these requests have not.
    f"{V1}/profiles/<uuid:profile_id>/select": {POST: GROWN},
    f"{V1}/me/continue-watching": {GET: WATCHING},
    # Of which there is none.
    f"{V1}/me/continue-watching/<uuid:title_id>": {DELETE: WATCHING | {"kid": 404}},
    f"{V1}/me/history": {GET: WATCHING, DELETE: WATCHING},
    f"{V1}/me/preferences": {GET: WATCHING, PATCH: WATCHING},
    f"{V1}/events": {POST: WATCHING},
    f"{V1}/titles": {GET: ANYBODY},
    f"{V1}/titles/<slug:slug>": {GET: ANYBODY},
    f"{V1}/genres": {GET: ANYBODY},
    f"{V1}/people/<slug:slug>": {GET: ANYBODY},
    f"{V1}/collections/<slug:slug>": {GET: ANYBODY},
    f"{V1}/playback/sessions": {POST: WATCHING},
    # They want the playback token of the session, which no role is.
    f"{V1}/playback/sessions/<uuid:session_id>/heartbeat": {POST: PLAYERS},
    f"{V1}/playback/sessions/<uuid:session_id>/stop": {POST: PLAYERS},
    "api/schema/": {GET: ANYBODY},
    "api/docs/": {GET: ANYBODY},
    "api/<path:rest>": {GET: NOBODY},
    **crud("titles"),
    **crud("seasons"),
    **crud("episodes"),
    **crud("extras"),
    **crud("windows"),
    **crud("artwork"),
    **crud("people"),
    **crud("genres"),
    **crud("tags"),
    **crud("teams"),
    **crud("collections"),
    **crud("releases", PUBLISH, dropped=False),
    f"{CMS}/uploads/": {POST: EDIT},
    # An editor's own; others' are 404, which apps/media/tests/test_uploads.py tries.
    f"{CMS}/uploads/{ID}": {GET: EDIT, PATCH: EDIT, DELETE: EDIT},
    f"{CMS}/releases/{ID}/arm": {POST: PUBLISH},
    f"{CMS}/releases/{ID}/disarm": {POST: PUBLISH},
    f"{CMS}/releases/{ID}/reschedule": {POST: PUBLISH},
    f"{CMS}/releases/{ID}/cancel": {POST: PUBLISH},
    f"{TITLE}/submit": {POST: EDIT},
    f"{TITLE}/withdraw": {POST: EDIT},
    f"{TITLE}/request-changes": {POST: REVIEW},
    f"{TITLE}/approve": {POST: REVIEW},
    f"{TITLE}/revise": {POST: EDIT},
    f"{TITLE}/publish": {POST: PUBLISH},
    f"{TITLE}/schedule": {POST: PUBLISH},
    f"{TITLE}/unschedule": {POST: PUBLISH},
    f"{TITLE}/unpublish": {POST: PUBLISH},
    f"{TITLE}/archive": {POST: PUBLISH},
    f"{TITLE}/restore": {POST: PUBLISH},
    f"{TITLE}/discard": {POST: EDIT},
    f"{TITLE}/rollback": {POST: PUBLISH},
    f"{TITLE}/plan": {PATCH: READ},
    f"{TITLE}/versions": {GET: READ},
    f"{TITLE}/versions/<int:number>": {GET: READ},
    f"{TITLE}/diff": {GET: READ},
    f"{TITLE}/preview": {GET: READ},
    f"{TITLE}/checklist": {GET: READ},
    f"{TITLE}/history": {GET: READ},
    f"{TITLE}/comments": {GET: READ, POST: READ},
    f"{TITLE}/comments/<uuid:comment_id>/resolve": {POST: READ},
    f"{TITLE}/comments/<uuid:comment_id>/reopen": {POST: READ},
}

# --- The site ----------------------------------------------------------------------------------------

SITE: Table = {
    "": {GET: ANYBODY},
    "title/<slug:slug>": {GET: ANYBODY},
    "watch/<slug:slug>": {GET: ANYBODY},
    "account/verify": {GET: ANYBODY},
    "account/reset": {GET: ANYBODY},
    "preview/<str:token>": {GET: ANYBODY},
    "images/<uuid:artwork>/<int:width>.<str:format>": {
        GET: only(*STAFF, stranger=404, guest=404, colleague=404)
    },
    # Whoever asks: only a token of a session that plays opens anything (test_nothing_without_a_decision).
    "play/<str:token>/master.m3u8": {GET: NOBODY},
    "play/<str:token>/manifest.mpd": {GET: NOBODY},
    "play/<str:token>/licence": {POST: NOBODY},
    "play/<str:token>/keys/<uuid:kid>": {GET: NOBODY},
    "vod/<str:token>/<uuid:asset>/<path:address>": {GET: NOBODY},
    "healthz": {GET: ANYBODY},
    "readyz": {GET: ANYBODY},
    "metrics": {GET: ANYBODY},
}

# --- The newsroom ------------------------------------------------------------------------------------


def model(name: str, see: Group, add: Group, change: Group, drop: Group) -> Table:
    """The six pages that the admin has of a model."""
    at = f"admin/{name.replace('.', '/')}"
    one = f"{at}/<path:object_id>"
    return {
        f"{at}/": {GET: see},
        f"{at}/add/": {GET: add, POST: add},
        f"{one}/history/": {GET: see},
        f"{one}/delete/": {GET: drop, POST: drop},
        f"{one}/change/": {GET: see, POST: change},
        f"{one}/": {GET: ALL_STAFF},
    }


TALKED_ABOUT = ("title", "season", "episode", "genre", "tag", "team", "person", "collection", "release")


def talk(name: str) -> Table:
    """What is said about a thing of the catalogue."""
    at = f"admin/catalog/{name}/<int:pk>"
    return {
        f"{at}/comments/": {POST: ALL_STAFF},
        f"{at}/comments/<int:comment>/": {POST: ALL_STAFF},
        f"{at}/seen/": {POST: ALL_STAFF},
    }


ADMIN: Table = {
    "admin/": {GET: ALL_STAFF},
    "admin/login/": {GET: ANYBODY},
    "admin/logout/": {POST: ANYBODY},
    "admin/password_change/": {GET: ALL_STAFF},
    "admin/password_change/done/": {GET: ALL_STAFF},
    "admin/autocomplete/": {GET: ALL_STAFF},
    "admin/jsi18n/": {GET: ALL_STAFF},
    "admin/search/": {GET: ALL_STAFF},
    "admin/r/<path:content_type_id>/<path:object_id>/": {GET: page(colleague=404)},
    "admin/app_list": {GET: ALL_STAFF},
    "admin/None": {GET: page(colleague=404)},
    **model("auth.group", BOSS, BOSS, BOSS, BOSS),
    **model("accounts.user", BOSS, BOSS, BOSS, SHUT),
    "admin/accounts/user/<id>/password/": {GET: BOSS, POST: BOSS},
    **model("accounts.profile", BOSS, SHUT, SHUT, SHUT),
    **model("accounts.lockedprofile", BOSS, SHUT, SHUT, SHUT),
    **model("accounts.session", BOSS, SHUT, SHUT, SHUT),
    **model("accounts.securityevent", BOSS, SHUT, SHUT, SHUT),
    **model("accounts.datarequest", BOSS, SHUT, SHUT, SHUT),
    **model("procrastinate.procrastinatejob", BOSS, SHUT, SHUT, SHUT),
    **model("media.asset", ALL_STAFF, E_ONLY, SHUT, SHUT),
    "admin/media/asset/<int:pk>/about/": {GET: ALL_STAFF},
    "admin/media/asset/<int:pk>/stills/<int:number>/": {GET: page(colleague=404)},
    "admin/media/asset/<int:pk>/again/": {POST: E_ONLY},
    "admin/media/asset/<int:pk>/sound/<int:track>/language/": {POST: E_ONLY},
    **model("media.job", ALL_STAFF, SHUT, SHUT, SHUT),
    "admin/media/job/<int:pk>/work/": {GET: ALL_STAFF},
    "admin/media/job/<int:pk>/cancel/": {POST: E_ONLY},
    "admin/media/job/<int:pk>/again/": {POST: E_ONLY},
    "admin/media/job/<int:pk>/sooner/": {POST: E_ONLY},
    "admin/media/job/<int:pk>/later/": {POST: E_ONLY},
    "admin/engagement/deadletter/": {GET: BOSS},
    "admin/engagement/deadletter/<letter:letter>/replay/": {POST: BOSS},
    "admin/engagement/deadletter/<letter:letter>/drop/": {POST: BOSS},
    "admin/media/asset/uploads/": {POST: E_ONLY},
    "admin/media/asset/uploads/<uuid:public_id>": {GET: E_ONLY, PATCH: E_ONLY, DELETE: E_ONLY},
    **model("workflow.transition", ALL_STAFF, SHUT, SHUT, SHUT),
    **model("workflow.comment", ALL_STAFF, SHUT, SHUT, SHUT),
    **model("catalog.title", ALL_STAFF, E_ONLY, E_ONLY, E_ONLY),
    **model("catalog.season", ALL_STAFF, SHUT, E_ONLY, SHUT),
    **model("catalog.episode", ALL_STAFF, SHUT, E_ONLY, SHUT),
    **model("catalog.artwork", ALL_STAFF, SHUT, SHUT, SHUT),
    **model("catalog.genre", ALL_STAFF, E_ONLY, E_ONLY, E_ONLY),
    **model("catalog.tag", ALL_STAFF, E_ONLY, E_ONLY, E_ONLY),
    **model("catalog.team", ALL_STAFF, E_ONLY, E_ONLY, E_ONLY),
    **model("catalog.person", ALL_STAFF, E_ONLY, E_ONLY, E_ONLY),
    **model("catalog.collection", ALL_STAFF, E_ONLY, E_ONLY, E_ONLY),
    **model("catalog.release", ALL_STAFF, P_ONLY, P_ONLY, SHUT),
    **model("catalog.titleversion", ALL_STAFF, SHUT, SHUT, SHUT),
    **model("catalog.transfer", E_ONLY, E_ONLY, SHUT, SHUT),
    **model("billing.plan", BOSS, BOSS, BOSS, SHUT),
    **model("billing.subscription", BOSS, BOSS, SHUT, SHUT),
    **model("billing.subscriptionchange", BOSS, SHUT, SHUT, SHUT),
    **model("streaming.playbacksession", BOSS, SHUT, SHUT, SHUT),
    "admin/streaming/playbacksession/why/": {GET: BOSS},
    "admin/billing/subscription/<int:pk>/deeds/<slug:name>/": {GET: BOSS, POST: BOSS},
    "admin/catalog/transfer/<int:pk>/file/": {GET: E_ONLY},
    "admin/catalog/transfer/<int:pk>/apply/": {POST: E_ONLY},
    # An empty form is told what is missing, whoever sent it; the service judges who may add a picture.
    "admin/catalog/artwork/of/<slug:kind>/<int:pk>/": {GET: ALL_STAFF, POST: ALL_STAFF},
    "admin/catalog/artwork/of/<slug:kind>/<int:pk>/frame/": {POST: ALL_STAFF},
    "admin/catalog/artwork/<int:pk>/edit/": {POST: E_ONLY},
    "admin/catalog/artwork/<int:pk>/drop/": {POST: E_ONLY},
    "admin/catalog/release/<int:pk>/deeds/<slug:name>/": {GET: P_ONLY, POST: P_ONLY},
    "admin/catalog/title/<int:pk>/versions/": {GET: ALL_STAFF},
    "admin/catalog/title/<int:pk>/compare/": {GET: ALL_STAFF},
    "admin/catalog/title/<int:pk>/preview/": {GET: ALL_STAFF},
    "admin/catalog/title/<int:pk>/moves/<slug:name>/": {GET: E_ONLY, POST: E_ONLY},
    "admin/catalog/title/<int:pk>/presence/": {POST: E_ONLY},
    "admin/catalog/title/<int:pk>/plan/": {POST: ALL_STAFF},
    "admin/catalog/title/<int:pk>/versions/<int:number>/<slug:deed>/": {POST: E_ONLY},
    **{route: who for name in TALKED_ABOUT for route, who in talk(name).items()},
}
