"""Every setting, read once from the environment, with defaults that run on a laptop.

`OTTSITE_ENV` is `development` (the default), `test` or `production`. Production has no default for any
secret, store or host: `apps.core.checks` and the lines marked *required* refuse to start and say which
variable is missing. docs/deployment.md has the table.
"""

from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from ottsite.api import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401 settings
from ottsite.cors import CORS_ALLOW_HEADERS, CORS_EXPOSE_HEADERS  # noqa: F401 settings
from ottsite.logs import logging
from ottsite.newsroom import UNFOLD  # noqa: F401 a setting

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
ENVIRONMENT = env.str("OTTSITE_ENV", "development")
if ENVIRONMENT not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"OTTSITE_ENV is {ENVIRONMENT!r}: development, test or production")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("DEBUG", ENVIRONMENT == "development")

VAR_DIR = Path(env.str("OTTSITE_VAR", str(BASE_DIR / "var")))


def required(name: str, development: str) -> str:
    """The variable, which production must set; elsewhere it may stay unset."""
    value = env.str(name, "" if PRODUCTION else development)
    if not value:
        raise ImproperlyConfigured(f"{name} must be set in production")
    return value


def listed(text: str) -> list[str]:
    """The entries of a comma-separated list."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]


# --- Who we are on the network -------------------------------------------------------------------

SITE_URL = required("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = listed(required("ALLOWED_HOSTS", "127.0.0.1,localhost"))
CSRF_TRUSTED_ORIGINS = listed(env.str("CSRF_TRUSTED_ORIGINS", SITE_URL))
CORS_ALLOWED_ORIGINS = listed(env.str("CORS_ALLOWED_ORIGINS", ""))
# What programs ask for: they are refused by problem documents, people by pages.
PROBLEM_PATHS = ("/api/", "/play/", "/vod/")
CORS_URLS_REGEX = r"^/(api|play|vod)/"
# How many reverse proxies of ours stand in front; each appends one X-Forwarded-For entry.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
GEOIP_PATH = env.str("GEOIP_PATH", "")
# The header in which the outermost of them says the country, and the country of those whose nobody knows.
TERRITORY_HEADER = env.str("TERRITORY_HEADER", "")
UNKNOWN_TERRITORY = env.str("UNKNOWN_TERRITORY", "")

# --- Secrets --------------------------------------------------------------------------------------

SECRET_KEY = required("SECRET_KEY", "development-only-secret-key-" + "x" * 32)
SECRET_KEY_FALLBACKS = listed(env.str("SECRET_KEY_FALLBACKS", ""))
JWT_SIGNING_KEY = required("JWT_SIGNING_KEY", "development-only-jwt-key-" + "y" * 32)
# A ring: the first key signs refresh tokens, all of them verify.
REFRESH_TOKEN_KEYS = listed(required("REFRESH_TOKEN_KEYS", "development-only-refresh-" + "z" * 32))
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

# --- Apps: bottom up; the order is the rank that tests/test_architecture.py checks ----------------

OUR_APPS = [
    "apps.core",
    "apps.accounts",
    "apps.media",
    "apps.workflow",
    "apps.catalog",
    "apps.billing",
    "apps.engagement",
    "apps.streaming",
]

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.inlines",
    "ottsite.admin_site.NewsroomConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "rest_framework",
    *OUR_APPS,
    "ottsite",
]

MIDDLEWARE = [
    "apps.core.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.middleware.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # What answers by itself stands below what every answer must carry.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.OwnCorsMiddleware",
    "apps.core.middleware.RateLimitMiddleware",
    "apps.core.middleware.PageSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "apps.core.middleware.PageCsrfMiddleware",
    "apps.core.middleware.PageAuthenticationMiddleware",
    "apps.core.middleware.PageMessageMiddleware",
]

ROOT_URLCONF = "ottsite.urls"
WSGI_APPLICATION = "ottsite.wsgi.application"
TEST_RUNNER = "ottsite.testing.PytestRunner"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FIXTURE_DIRS = [BASE_DIR / "fixtures"]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Stores ----------------------------------------------------------------------------------------
# ottsite.engines fills these variables in development before this file is read. Where nobody did
# (`check`, `makemigrations`, type checking) they point at a port on which nothing listens.

NOWHERE = "127.0.0.1:9"
DATABASE_URL = required("DATABASE_URL", f"postgresql://ottsite@{NOWHERE}/ottsite")
REDIS_URL = required("REDIS_URL", f"redis://{NOWHERE}/0")
CACHE_URL = required("CACHE_URL", f"redis://{NOWHERE}/0")
MONGO_URL = required("MONGO_URL", f"mongodb://{NOWHERE}/ottsite")

# No request waits for its stores longer than this in all; a single Redis call not longer than the second.
REQUEST_DEADLINE_S = env.float("REQUEST_DEADLINE_S", 2.0)
REDIS_TIMEOUT_S = env.float("REDIS_TIMEOUT_S", 0.4)
MONGO_TIMEOUT_S = env.float("MONGO_TIMEOUT_S", 2.0)

DATABASES = {
    "default": {
        **environ.Env.db_url_config(DATABASE_URL),
        "ENGINE": "apps.core.postgres",
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", 600),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 2,
            "application_name": "ottsite",
            # The server drops a query whose client has gone, and a transaction that nobody continues.
            "options": "-c client_connection_check_interval=1s"
            " -c idle_in_transaction_session_timeout=60s -c lock_timeout=5s",
        },
    }
}

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "ottsite",
        "OPTIONS": {
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "CONNECTION_POOL_CLASS": "apps.core.clients.GuardedPool",
        },
    },
}

# A worker that was silent for so long is dead, and what it worked on starts again elsewhere.
WORKER_HEARTBEAT_S = env.float("WORKER_HEARTBEAT_S", 5)
WORKER_STALLED_AFTER_S = env.float("WORKER_STALLED_AFTER_S", 20)
# Steps of media jobs that one worker process does side by side; each may use all cores.
ENCODES_AT_ONCE = env.int("ENCODES_AT_ONCE", 2)

# Artwork, masters and what is made of them: files under MEDIA_ROOT, or a bucket.
BUCKET = {
    "bucket_name": env.str("S3_BUCKET", ""),
    "endpoint_url": env.str("S3_ENDPOINT_URL", "") or None,
    "region_name": env.str("S3_REGION", "us-east-1"),
    "addressing_style": env.str("S3_ADDRESSING_STYLE", "path"),
    "access_key": env.str("S3_ACCESS_KEY", "") or None,
    "secret_key": env.str("S3_SECRET_KEY", "") or None,
}
STORAGES = {
    "default": {"BACKEND": "ottsite.object_storage.BucketStorage", "OPTIONS": BUCKET}
    if BUCKET["bucket_name"]
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = VAR_DIR / "media"
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION

# --- Media -----------------------------------------------------------------------------------------

# Rungs of the ladder, in lines; no source is scaled up to reach one.
LADDER_HEIGHTS = [int(one) for one in listed(env.str("LADDER_HEIGHTS", "144,240,360,480,720,1080"))]
# Codecs of the ladder: h264 always, hevc and av1 beside it.
LADDER_CODECS = listed(env.str("LADDER_CODECS", "h264"))
ENCODE_PRESET = env.str("ENCODE_PRESET", "veryfast")
# Threads of the decoder; an encoder has one for each rung. Their number changes nothing in what is made.
ENCODE_THREADS = env.int("ENCODE_THREADS", 2)
# Seconds of a long film that one worker encodes at a time; a multiple of 4.
CHUNK_S = env.int("CHUNK_S", 240)
# Whether trial encodes measured with VMAF choose each film's bit rates.
PER_TITLE = env.bool("PER_TITLE", False)
# Encryption of what is packaged: cenc, cbcs, or none.
MEDIA_PROTECTION = env.str("MEDIA_PROTECTION", "")
# Address space of a program that reads uploaded media.
MEDIA_MEMORY_MB = env.int("MEDIA_MEMORY_MB", 6144)
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", 50 * 1024**3)
# Masters and unfinished uploads together; 0 for no quota.
UPLOAD_QUOTA_BYTES = env.int("UPLOAD_QUOTA_BYTES", 0)
UPLOAD_KEEP_FREE_BYTES = env.int("UPLOAD_KEEP_FREE_BYTES", 1024**3)
# Hours after its last byte that an unfinished upload is kept.
UPLOAD_EXPIRES_H = env.int("UPLOAD_EXPIRES_H", 48)
WATCH_FOLDER = env.str("WATCH_FOLDER", "")
MEDIA_LEASE_S = env.float("MEDIA_LEASE_S", 30)
# Uploads under way, which all machines of the site share, and the workers' folders.
UPLOAD_DIR = Path(env.str("UPLOAD_DIR", str(VAR_DIR / "uploads")))
SCRATCH_DIR = Path(env.str("SCRATCH_DIR", str(VAR_DIR / "scratch")))
# A ring: the first key wraps content keys, all of them unwrap.
CONTENT_KEY_KEYS = listed(required("CONTENT_KEY_KEYS", "development-only-content-key-" + "k" * 32))

# --- Accounts --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.authentication.PasswordBackend"]
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_HASHERS = ["apps.accounts.hashing.BoundedBCryptSHA256Hasher"]
PASSWORD_BCRYPT_ROUNDS = env.int("PASSWORD_BCRYPT_ROUNDS", 4 if ENVIRONMENT == "test" else 12)
# Password hashes at work in one process, and callers that may wait for a place; the rest get 503.
HASH_SLOTS = env.int("HASH_SLOTS", 1)
HASH_QUEUE = env.int("HASH_QUEUE", 4)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "apps.accounts.receivers.EndOfOldPasswords"},
]
# Seconds that a page of the catalogue may be handed out again by the process that made it.
PAGES_KEPT_S = env.float("PAGES_KEPT_S", 0 if ENVIRONMENT == "test" else 1)
# The maturity ceiling of those who are not signed in.
ANONYMOUS_MATURITY = env.int("ANONYMOUS_MATURITY", 16)
REQUIRE_VERIFIED_EMAIL = env.bool("REQUIRE_VERIFIED_EMAIL", PRODUCTION)

ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
REFRESH_TOKEN_IDLE_LIFETIME = timedelta(days=7)
REFRESH_TOKEN_ABSOLUTE_LIFETIME = timedelta(days=30)
REFRESH_TOKEN_RETRY_WINDOW = timedelta(seconds=10)
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_SIGNING_KEY,
    "AUDIENCE": "ottsite-api",
    "ISSUER": "ottsite",
    "LEEWAY": 30,
    "ACCESS_TOKEN_LIFETIME": ACCESS_TOKEN_LIFETIME,
    "USER_ID_CLAIM": "sub",
    "UPDATE_LAST_LOGIN": False,
}

LANGUAGES = [("en", "English"), ("hi", "हिन्दी")]
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = ["ottsite.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

# --- Billing ---------------------------------------------------------------------------------------

# Through whom plans are sold: fake (every sale is paid for, without money) or none.
BILLING_GATEWAY = env.str("BILLING_GATEWAY", "none" if PRODUCTION else "fake")
# Days that a plan still holds after a period that nobody prolonged or cancelled.
BILLING_GRACE_DAYS = env.int("BILLING_GRACE_DAYS", 3)

# --- Playback --------------------------------------------------------------------------------------

# A ring: the first key signs playback and media tokens, all of them verify.
PLAYBACK_TOKEN_KEYS = listed(required("PLAYBACK_TOKEN_KEYS", "development-only-playback-" + "p" * 32))
# Who serves the bytes: direct (this process), nginx (X-Accel-Redirect), redirect (signed addresses of the
# bucket).
MEDIA_DELIVERY = env.str("MEDIA_DELIVERY", "redirect" if BUCKET["bucket_name"] else "direct")
# Where players are redirected to.
MEDIA_SOURCES = (
    [BUCKET["endpoint_url"] or f"https://s3.{BUCKET['region_name']}.amazonaws.com"]
    if MEDIA_DELIVERY == "redirect"
    else []
)
# Seconds between two heartbeats of a player, unless operators stretch them (docs/operations.md).
HEARTBEAT_INTERVAL_S = env.int("HEARTBEAT_INTERVAL_S", 10)

# --- Engagement ------------------------------------------------------------------------------------

# Entries of the event stream beyond which only positions are taken in; some 450 bytes of Valkey each.
EVENT_STREAM_MOST = env.int("EVENT_STREAM_MOST", 2_000_000)

# --- Mail ------------------------------------------------------------------------------------------

EMAIL_CONFIG = environ.Env.email_url_config(required("EMAIL_URL", f"filemail:///{VAR_DIR / 'mail'}"))
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "ottsite <no-reply@demo.example>")

# --- Rate limits (docs/api.md) ---------------------------------------------------------------------

RATE_LIMIT_DEFAULT = env.str("RATE_LIMIT_DEFAULT", "100/m")
RATE_LIMIT_SIGNUP = env.str("RATE_LIMIT_SIGNUP", "10/h")
RATE_LIMIT_LOGIN_CLIENT = env.str("RATE_LIMIT_LOGIN_CLIENT", "30/m")
RATE_LIMIT_LOGIN_ACCOUNT = env.str("RATE_LIMIT_LOGIN_ACCOUNT", "10/m")
RATELIMIT_USE_CACHE = "default"
# What is bounded for each session instead of for each client.
RATE_LIMIT_EXEMPT = r"^/api/v1/playback/sessions/[^/]+/heartbeat$"
# Who a request counts against: its session when the token is good, else its address.
RATE_LIMIT_CLIENT_KEY = "apps.accounts.tokens.client_key"

# --- API -------------------------------------------------------------------------------------------

API_MAX_BODY_BYTES = 1_000_000
# Bodies that their views read piece by piece, of any length.
STREAMED_BODIES = r"^/(api/v1/cms|admin/media/asset)/uploads/"

# A long series is one form in the newsroom: ten fields for each episode.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# --- Browser security ------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "connect-src": [SELF, *MEDIA_SOURCES],
        "font-src": [SELF, "data:"],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:", "blob:", *MEDIA_SOURCES],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "worker-src": [SELF, "blob:"],
    }
}
# What the admin (Unfold on Alpine.js) and the API explorer cannot do without, and only there.
CSP_RELAXED = {
    "/admin/": {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]},
    "/api/docs/": {"style-src": ["'unsafe-inline'"]},
}
# A laptop speaks plain HTTP; production never does.
HTTPS = SITE_URL.startswith("https://") or PRODUCTION
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.core.pages.forbidden"
SESSION_COOKIE_AGE = 12 * 60 * 60
X_FRAME_OPTIONS = "DENY"
# It looks for CsrfViewMiddleware by name; PageCsrfMiddleware is that, outside of /api/.
SILENCED_SYSTEM_CHECKS = ["security.W003"]

# --- Logs ------------------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
# Routes that come all the time: what went well there is counted, and logged at DEBUG alone.
QUIET_ROUTES = frozenset({"api/v1/playback/sessions/<uuid:session_id>/heartbeat"})
LOGGING = logging(LOG_LEVEL)
