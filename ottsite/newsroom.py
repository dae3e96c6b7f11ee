"""What the newsroom (django-unfold) looks like and how one gets around in it; `settings.UNFOLD`."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse

# Group, then entries: label, icon, page of the admin, query, permission to see it.
Entry = tuple[str, str, str, str, str]
PLACES: list[tuple[str, list[Entry]]] = [
    (
        "Work",
        [
            ("Overview", "home", "index", "", ""),
            ("My queue", "inbox", "catalog_title_changelist", "?queue=mine", "catalog.view_title"),
            ("Reviews", "rate_review", "catalog_title_changelist", "?state=in_review", "catalog.view_title"),
            ("Releases", "event_upcoming", "catalog_release_changelist", "", "catalog.view_release"),
        ],
    ),
    (
        "Catalogue",
        [
            ("Titles", "movie", "catalog_title_changelist", "", "catalog.view_title"),
            ("Collections", "view_carousel", "catalog_collection_changelist", "", "catalog.view_collection"),
            ("People", "group", "catalog_person_changelist", "", "catalog.view_person"),
            ("Genres", "category", "catalog_genre_changelist", "", "catalog.view_genre"),
            ("Tags", "sell", "catalog_tag_changelist", "", "catalog.view_tag"),
            ("Teams", "sports_cricket", "catalog_team_changelist", "", "catalog.view_team"),
            ("Videos", "video_file", "media_asset_changelist", "", "media.view_asset"),
            ("Work on videos", "conveyor_belt", "media_job_changelist", "", "media.view_job"),
            ("Import and export", "swap_vert", "catalog_transfer_changelist", "", "catalog.view_transfer"),
        ],
    ),
    (
        "On record",
        [
            ("Moves", "history", "workflow_transition_changelist", "", "workflow.view_transition"),
            ("Comments", "forum", "workflow_comment_changelist", "", "workflow.view_comment"),
            ("Versions", "stacks", "catalog_titleversion_changelist", "", "catalog.view_titleversion"),
            ("Changes of plans", "receipt_long", "billing_subscriptionchange_changelist", "",
             "billing.view_subscriptionchange"),
            ("Dead letters", "mail", "engagement_deadletter_changelist", "", "engagement.view_deadletter"),
        ],
    ),
    (
        "Accounts",
        [
            ("Accounts", "person", "accounts_user_changelist", "", "accounts.view_user"),
            ("Subscriptions", "card_membership", "billing_subscription_changelist", "",
             "billing.view_subscription"),
            ("Plans", "loyalty", "billing_plan_changelist", "", "billing.view_plan"),
            ("Playing", "play_circle", "streaming_playbacksession_changelist", "?playing=yes",
             "streaming.view_playbacksession"),
            ("Why not?", "help", "streaming_playbacksession_why", "", "streaming.view_playbacksession"),
            ("Profiles", "face", "accounts_profile_changelist", "", "accounts.view_profile"),
            ("Locked profiles", "lock", "accounts_lockedprofile_changelist", "", "accounts.view_profile"),
            ("Sessions", "devices", "accounts_session_changelist", "", "accounts.view_session"),
            ("Security", "shield", "accounts_securityevent_changelist", "", "accounts.view_securityevent"),
            ("Requests", "folder_zip", "accounts_datarequest_changelist", "", "accounts.view_datarequest"),
            ("Groups", "groups", "auth_group_changelist", "", "auth.view_group"),
        ],
    ),
]  # fmt: skip


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: what this person may see, of what there is."""
    groups = []
    for title, entries in PLACES:
        items = [item for item in (_item(request, *entry) for entry in entries) if item]
        if items:
            groups.append({"title": title, "items": items})
    return groups


def _item(
    request: HttpRequest, title: str, icon: str, page: str, query: str, permission: str
) -> dict[str, Any] | None:
    if permission and not request.user.has_perm(permission):
        return None
    try:
        link = reverse(f"admin:{page}")
    except NoReverseMatch:
        return None
    return {"title": title, "icon": icon, "link": link + query, "active": _is_here(request, link, query)}


def _is_here(request: HttpRequest, link: str, query: str) -> bool:
    """The entry with a query is here on that very list, the one without on every other page below it."""
    if link == reverse("admin:index"):
        return request.path == link
    asked = request.META.get("QUERY_STRING", "")
    if query:
        return request.path == link and asked == query.lstrip("?")
    known = {entry[3].lstrip("?") for _, entries in PLACES for entry in entries if entry[3]}
    return request.path.startswith(link) and not (request.path == link and asked in known)


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "ottsite",
    "SITE_HEADER": "ottsite",
    "SITE_SUBHEADER": "Newsroom",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("site/icon.svg")}
    ],
    "SHOW_BACK_BUTTON": True,
    "STYLES": [lambda request: static("newsroom/newsroom.css")],
    "SCRIPTS": [
        lambda request: static("newsroom/newsroom.js"),
        lambda request: static("newsroom/upload.js"),
    ],
    "DASHBOARD_CALLBACK": "apps.catalog.admin.dashboard.fill",
    "COMMAND": {"search_callback": "apps.catalog.admin.search.find", "show_history": True},
    "SIDEBAR": {"command_search": True, "show_search": True, "navigation": navigation},
    # The accent of static/site/site.css, from light to dark.
    "COLORS": {
        "primary": {
            "50": "254 243 241",
            "100": "253 228 223",
            "200": "252 204 196",
            "300": "249 168 154",
            "400": "243 119 98",
            "500": "232 80 58",
            "600": "201 60 39",
            "700": "168 48 31",
            "800": "139 44 30",
            "900": "116 42 31",
            "950": "63 18 11",
        }
    },
}
