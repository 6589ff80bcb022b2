"""One settings module, driven by the environment; a missing or wrong variable fails with the sentence that mends it.

| variable | meaning | default |
|---|---|---|
| PRM_VAR | folder of this installation's data, keys and uploads | `var/` beside this package |
| DATABASE_URL | Postgres 15-18 | set by bin/up and bin/manage to the embedded server |
| REDIS_URL | Redis 7 / Valkey | likewise |
| SECRET_KEY, PRM_PATIENT_KEY | signing key; key of the patient hash | made once into PRM_VAR |
| PRM_DEBUG | `1` shows tracebacks; never with real data | off |
| PRM_ALLOWED_HOSTS | host names, comma-separated | localhost, 127.0.0.1, [::1] |
| PRM_ORIGINS | origins with scheme that may post forms, comma-separated | none |
| PRM_URL | the address at which people reach PRM, for links in mails and calendars | the first of PRM_ORIGINS |
| PRM_TRUSTED_PROXIES | proxies in front that set X-Forwarded-For and X-Forwarded-Proto | 0 |
| PRM_TIME_ZONE | the organisation's time zone until an admin chooses one under Settings | America/New_York |
| PRM_UPLOADS | where uploads wait until they are loaded; shared by web and workers | PRM_VAR/uploads |
| PRM_RECEIPTS | where receipts of the spend ledger are kept; shared by web and workers | PRM_VAR/receipts |
| PRM_INBOX | the watched folder: `<feed>/` in it holds files to be imported | PRM_VAR/inbox |
| PRM_STATIC | where packed static files lie | PRM_VAR/static |
| PRM_MAIL_FROM | sender of mails | prm@localhost |
| PRM_LOG_LEVEL | how much the logs say | INFO |
| PRM_ROLE | `web` gets short database timeouts | none |
| OSRM_URL | an OSRM server for minutes on the road | none: estimated from the distance |
| EMAIL_URL | `smtp://user:password@host:587/?tls=True` | mails are files in PRM_VAR/mail |
"""

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("PRM_VAR") or BASE_DIR / "var").resolve()
DEBUG = os.environ.get("PRM_DEBUG") == "1"
ROLE = os.environ.get("PRM_ROLE", "")


def _key(variable: str, file_name: str) -> str:
    """A secret from the environment, else from a file that is made once, readable by its owner only."""
    if value := os.environ.get(variable):
        return value
    path = VAR / file_name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass  # another process of this installation was faster; its key is read below
    return path.read_text().strip()


def _redis_urls(url: str) -> tuple[str, str]:
    """(broker, cache) from one URL: databases 0 and 1. A unix:// URL becomes what Celery and Django each expect."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        path = unquote(parts.path)
        return f"redis+socket://{path}?virtual_host=0", f"unix://{path}?db=1"
    if parts.scheme not in {"redis", "rediss"}:
        raise ImproperlyConfigured(f"REDIS_URL must start with redis://, rediss:// or unix://, not {parts.scheme or 'nothing'}://.")
    base = f"{parts.scheme}://{parts.netloc}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{base}/0{query}", f"{base}/1{query}"


SECRET_KEY = _key("SECRET_KEY", "secret_key")
PATIENT_KEY = _key("PRM_PATIENT_KEY", "patient_key")
ALLOWED_HOSTS = [host for host in os.environ.get("PRM_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if host]
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("PRM_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "prm",
    "setup",
    "demo",
    "reports",
    "introductions",
    "planning",
    "directory",
    "visits",
    "events",
    "referrals",
    "concerns",
    "compliance",
    "contacts",
    "comments",
    "territories",
    "notices",
    "bulk",
    "accounts",
    "jobs",
    "audit",
    "common",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "rest_framework",
]

MIDDLEWARE = [
    "common.middleware.NobodyWaits",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pads by chance, so that lengths tell nothing (BREACH); CSRF tokens are masked anyway
    "csp.middleware.CSPMiddleware",
    "common.middleware.DatabaseAway",
    "common.middleware.RefuseNul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SignInRequired",
    "accounts.middleware.OwnClock",
    "accounts.middleware.PrivatePages",
    "prm.lists.DefaultViews",
]

ROOT_URLCONF = "prm.urls"
WSGI_APPLICATION = "prm.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
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
                "prm.navigation.navigation",
            ],
        },
    }
]

# Database. Sockets and silent peers get a time limit in every role; only the web's statements do (RELIABILITY rule 3). A worker that stands
# still inside a transaction holds up whoever takes its job over, but not for ever; between two statements none works that long.
if "DATABASE_URL" not in os.environ:
    raise ImproperlyConfigured("DATABASE_URL is not set: start through bin/up, bin/manage or bin/test, or name a Postgres there.")
_limits = {"idle_in_transaction_session_timeout": "30min"}
if ROLE == "web":
    _limits = {"idle_in_transaction_session_timeout": "30s", "lock_timeout": "3s", "statement_timeout": "15s"}
DATABASES = {
    "default": {
        **dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=600, conn_health_checks=True),
        "OPTIONS": {
            "connect_timeout": 3,
            "tcp_user_timeout": 5000,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 2,
            "options": " ".join(f"-c {name}={value}" for name, value in {"timezone": "UTC", "jit": "off", **_limits}.items()),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Cache and broker share a server, not a database. Rate limits and sign-in must outlive it: they live in Postgres.
CELERY_BROKER_URL, REDIS_CACHE_URL = _redis_urls(os.environ.get("REDIS_URL", "redis://localhost:6379"))
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "durable_cache"},
    "fast": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_CACHE_URL,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},  # once in reports.keeping.REST seconds, a page waits this long
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True

# Celery: messages wake, Job rows remember (RELIABILITY, "Celery and Valkey").
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "visibility_timeout": 7200,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 6600
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "recount rollups": {"task": "jobs.enqueue", "schedule": 24 * 3600, "args": ["referrals.recount"]},
    "forget uploads": {"task": "jobs.enqueue", "schedule": 3600, "args": ["referrals.forget_uploads"]},
    "watch inbox": {"task": "jobs.enqueue", "schedule": 60, "args": ["referrals.watch_inbox"]},
    "escalate concerns": {"task": "jobs.enqueue", "schedule": 24 * 3600, "args": ["concerns.escalate_late"]},
    "send digests": {"task": "jobs.enqueue", "schedule": 600, "args": ["notices.send_digests"]},
    "ask about plans": {"task": "jobs.enqueue", "schedule": 24 * 3600, "args": ["compliance.ask_what_happened"]},
    "forget notices": {"task": "jobs.enqueue", "schedule": 24 * 3600, "args": ["notices.forget_read"]},
    "look for alerts": {"task": "jobs.enqueue", "schedule": 3600, "args": ["reports.watch_alerts"]},
    "ask how events went": {"task": "jobs.enqueue", "schedule": 3600, "args": ["events.ask_owners"]},
    "remind of events": {"task": "jobs.enqueue", "schedule": 600, "args": ["events.remind_guests"]},
    "place practices": {"task": "jobs.enqueue", "schedule": 24 * 3600, "args": ["contacts.place_practices"]},
    "hand over": {"task": "jobs.enqueue", "schedule": 3600, "args": ["planning.hand_over"]},
    "scheduled reports": {"task": "jobs.enqueue", "schedule": 600, "args": ["reports.run_schedules"]},
    "nightly reports": {"task": "jobs.enqueue", "schedule": 24 * 3600, "args": ["reports.refresh"]},
}

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.InvitationOnly"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an address is proved by following the invitation sent to it
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Beside allauth's own limits, of pages that need no account: a hall full of guests shares the address of one network.
ACCOUNT_RATE_LIMITS = {"event_answer": "60/m/ip,30/h/key", "event_door": "60/m/ip,900/h/key"}
MFA_ALLOW_UNVERIFIED_EMAIL = True  # as above: whoever signs in was invited by mail
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "PRM"

# Where people reach PRM: the beginning of links in mails and calendars.
BASE_URL = (os.environ.get("PRM_URL") or next(iter(CSRF_TRUSTED_ORIGINS), "") or "http://localhost:8000").rstrip("/")

# Mail: without a server, every mail is a file that an admin can read.
EMAIL_FILE_PATH = str(VAR / "mail")
EMAIL_BACKEND = "common.mailfiles.EmailBackend"
DEFAULT_FROM_EMAIL = os.environ.get("PRM_MAIL_FROM", "prm@localhost")
EMAIL_TIMEOUT = 10
if _mail := os.environ.get("EMAIL_URL"):
    _parts = urlsplit(_mail)
    _options = {name: values[-1].lower() in {"1", "true", "yes"} for name, values in parse_qs(_parts.query).items()}
    if _parts.scheme not in {"smtp", "smtps"} or not _parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp://user:password@host:587/?tls=True")
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _parts.hostname, _parts.port or (465 if _parts.scheme == "smtps" else 587)
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_parts.username or ""), unquote(_parts.password or "")
    EMAIL_USE_SSL, EMAIL_USE_TLS = _parts.scheme == "smtps", _options.get("tls", False)

# Language, time
LANGUAGE_CODE = "en-us"
TIME_ZONE = os.environ.get("PRM_TIME_ZONE", "America/New_York")
USE_I18N = False
USE_TZ = True

# Files. Uploaded extracts hold patient data: own folder, own mode, deleted when loaded.
STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("PRM_STATIC") or VAR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "prm.statics.Storage"},
}
WHITENOISE_USE_FINDERS = DEBUG
UPLOADS = Path(os.environ.get("PRM_UPLOADS") or VAR / "uploads")
RECEIPTS = Path(os.environ.get("PRM_RECEIPTS") or VAR / "receipts")  # handed out by a view that checks who asks
INBOX = Path(os.environ.get("PRM_INBOX") or VAR / "inbox")
FILE_UPLOAD_TEMP_DIR = str(UPLOADS / "incoming")
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = ["common.uploads.ToDisk"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
Path(FILE_UPLOAD_TEMP_DIR).mkdir(parents=True, exist_ok=True, mode=0o700)
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a folder that is not there

# Web security. TLS ends at the proxy: behind one, PRM_TRUSTED_PROXIES says how many there are.
TRUSTED_PROXIES = int(os.environ.get("PRM_TRUSTED_PROXIES", "0"))
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# Roads: the table service of an OSRM server (docs/deployment.md); without one, drives are estimated and called so.
OSRM_URL = os.environ.get("OSRM_URL", "")

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.HasCapability"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "common.api.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": {},
    "EXCEPTION_HANDLER": "common.api.exception_handler",
    "NUM_PROXIES": TRUSTED_PROXIES,
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PRM",
    "DESCRIPTION": "Providers, practices, referrals, visits, territories and reports, with the visibility of the person who asks.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "AttendeeKind": "visits.models.AttendeeKind",
        "FieldNoteKind": "concerns.models.FieldNoteKind",
        "NoticeKind": "notices.models.NoticeKind",
        "AlignmentKind": "contacts.models.AlignmentKind",
        "ProviderKind": "contacts.models.ProviderKind",
        "ReferralKind": "referrals.models.facts.Kind",
        "ReferralState": "referrals.models.facts.State",
        "BatchState": "referrals.models.imports.BatchState",
        "VisitState": "visits.models.VisitState",
        "RunState": "reports.models.RunState",
        "GoalMeasure": "reports.models.GoalMeasure",
        "GoalStanding": "reports.api.field.STANDINGS",
        "MarketStanding": "reports.api.market_serializers.STANDINGS",
        "ConcernState": "concerns.models.ConcernState",
        "EventKind": "events.models.EventKind",
        "EventState": "events.models.EventState",
        "SpendKind": "compliance.models.SpendKind",
        "SpendState": "compliance.models.SpendState",
        "SpendRole": "compliance.models.Role",
        "SpendRule": "compliance.models.Rule",
        "SpendTaskKind": "compliance.models.TaskKind",
        "SpendTaskState": "compliance.models.TaskState",
        "MaterialKind": "visits.models.MaterialKind",
        "ConcernSeverity": "concerns.models.Severity",
    },
}

# Logs carry ids and counts, never what a request or a file contained.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("PRM_LOG_LEVEL", "INFO")},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
