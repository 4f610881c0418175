"""Every knob of otcrisk, from the environment; with none set, this is a desk for development.

A secret NAME may also be given as NAME_FILE, the path of a file with it. OTCRISK_ENV=production
makes nothing up and turns the safe choices on; `manage.py check --deploy` says what is missing.
"""

import logging
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from otcrisk import embedded, log, secrets
from otcrisk.settings_of_packages import SPECTACULAR_SETTINGS, UNFOLD  # noqa: F401

env = environ.Env()
BASE_DIR = embedded.ROOT
VAR = embedded.home()

PRODUCTION = env.str("OTCRISK_ENV", default="development") == "production"
DEBUG = env.bool("DEBUG", default=False)
# Months of events and decisions older than this are dropped; features outlive them.
RETENTION_DAYS = env.int("RETENTION_DAYS", default=400)
# A folder with public data sets for benchmarks and replays; absent on most machines.
OTCRISK_DATA = Path(env.str("OTCRISK_DATA", default=str(BASE_DIR.parent / "shared" / "data")))

# ── Secrets ───────────────────────────────────────────────────────────────────────────────────────
SECRET_NAMES = (
    "SECRET_KEY", "FIELD_KEYS", "BLIND_INDEX_KEY", "API_PEPPER", "STEP_UP_SECRET",
    "PACK_SIGNING_KEY", "FACE_ROTATION",
)  # fmt: skip
SECRETS = {
    name: secrets.read(name, kept_in=None if PRODUCTION else VAR / "secrets.json")
    for name in SECRET_NAMES
}
SECRET_KEY = SECRETS["SECRET_KEY"]
# Field encryption: "new:HEX64,old:HEX64". The first key encrypts, every key decrypts.
FIELD_KEYS = secrets.key_ring(SECRETS["FIELD_KEYS"])
# Finds equal encrypted values without reading them. A new key would no longer find the old values.
BLIND_INDEX_KEY = SECRETS["BLIND_INDEX_KEY"].encode()
# Mixed into the stored hashes of API keys and device tokens.
API_PEPPER = SECRETS["API_PEPPER"].encode()
# Makes a randomised step-up reproducible for us and unpredictable for everybody else.
STEP_UP_SECRET = SECRETS["STEP_UP_SECRET"]
# Signs the records of orders that people hand to a bank: 32 bytes of Ed25519, in hexadecimal.
PACK_SIGNING_KEY = SECRETS["PACK_SIGNING_KEY"]
# Turns faces of banned people into a space where they can be searched and are nobody's: a ring like
# FIELD_KEYS, of which only the first protects (docs/decisions/0008-faces.md).
FACE_ROTATION = secrets.key_ring(SECRETS["FACE_ROTATION"], "FACE_ROTATION")
# Public keys (HEX64) that signed earlier ones; they stay published for as long as packs may live.
PACK_RETIRED_KEYS = env.list("PACK_RETIRED_KEYS", default=[])

# ── Hosts and transport ───────────────────────────────────────────────────────────────────────────
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")
# How many proxies of ours stand before the web process: X-Forwarded-For is believed that far.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
# Probes and scrapers inside the network speak plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz(/lists)?$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = env.int("SESSION_COOKIE_AGE", default=12 * 3600)
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # a ban deletes rows; a cache may forget to
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("DATA_UPLOAD_MAX_MEMORY_SIZE", default=10 * 1024 * 1024)
METRICS_TOKEN = secrets.read("METRICS_TOKEN", kept_in=None)

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF, "blob:"],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# ── Applications ──────────────────────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "otcrisk",
    "apps.core",
    "apps.events",
    "apps.users",
    "apps.devices",
    "apps.ledger",
    "apps.faces",
    "apps.screening",
    "apps.trades",
    "apps.restrictions",
    "apps.risk",
    "apps.cases",
    "apps.flows",
    "apps.api",
    "apps.web",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "allauth.usersessions",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "csp",
    "pgtrigger",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    # Last: it takes some tables of the apps above out of the admin again.
    "apps.console",
]

MIDDLEWARE = [
    "apps.api.express.ExpressLane",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "apps.core.problems.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "otcrisk.csp.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    # A view is private unless it says otherwise.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "apps.users.middleware.StaffNeedSecondFactor",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "otcrisk.urls"
WSGI_APPLICATION = "otcrisk.wsgi.application"
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
                "csp.context_processors.nonce",
            ]
        },
    }
]

# ── PostgreSQL ────────────────────────────────────────────────────────────────────────────────────
# The hot path's statements keep their shape, so one generic plan serves; nothing waits for long.
# Migrations lift statement_timeout. A pooler in between must ignore the startup parameter
# `options`, and these settings then belong to the role (ALTER ROLE ... SET).
SERVER_SETTINGS = {
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "random_page_cost": "1.1",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}
DATABASES = {"default": env.db_url("DATABASE_URL", default="postgresql:///otcrisk")}
DATABASES["default"] |= {
    "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=600),
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": DATABASES["default"].get("OPTIONS", {})
    | {
        # Django's own cursors never prepare; a psycopg.Cursor on the same connection does.
        "prepare_threshold": 5,
        "options": " ".join(f"-c {name}={value}" for name, value in SERVER_SETTINGS.items()),
    },
    "TEST": {"NAME": env.str("TEST_DATABASE", default="test_otcrisk")},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ── Cache and background work ─────────────────────────────────────────────────────────────────────
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.str("CACHE_URL", default="redis://localhost:6379/1"),
        "KEY_PREFIX": env.str("TEST_DATABASE", default="otcrisk"),
    }
}
CELERY_BROKER_URL = env.str("BROKER_URL", default="redis://localhost:6379/0")
# Longer than any task: Redis brokers hand out again what is not acknowledged in this time.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 6 * 3600}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "apps.flows.tasks.deliver_*": {"queue": "webhooks"},
    "apps.flows.tasks.custody_*": {"queue": "custody"},
    "apps.flows.tasks.face_*": {"queue": "faces"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = None  # there are no results to clean up
CELERY_TASK_TIME_LIMIT = 4 * 3600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# ── Sign-in (owned by apps.users) ─────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
# allauth, MFA and headless: begin
ACCOUNT_ADAPTER = "apps.flows.sign_in_adapter.SignInAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "apps.users.forms.Nickname"
ACCOUNT_EMAIL_VERIFICATION = env.str(
    "EMAIL_VERIFICATION", default="mandatory" if PRODUCTION else "optional"
)
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
ACCOUNT_MAX_EMAIL_ADDRESSES = 3
# A session ends with SESSION_COOKIE_AGE, sign-out or a ban, not with the window.
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# Codes are asked for by the engine (STEP_UP), never by whoever would rather not type a password.
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_RATE_LIMITS = {
    "login": env.str("LOGIN_RATE", default="30/m/ip"),
    "login_failed": env.str("LOGIN_FAILED_RATE", default="10/m/ip,5/300s/key"),
}
MFA_ADAPTER = "apps.users.mfa_adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A passkey alone signs in, so the device has to check its owner.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_TOTP_ISSUER = "otcrisk"
# allauth forgets a used code after one period: with tolerance it could be used again.
MFA_TOTP_TOLERANCE = 0
MFA_RECOVERY_CODES_SHOW_ONCE = True
# After a second factor the console stays open for this long.
STAFF_SESSION_HOURS = env.int("STAFF_SESSION_HOURS", default=12)
HEADLESS_CLIENTS = ("app", "browser")
HEADLESS_SERVE_SPECIFICATION = False
# Would write a row on every request.
USERSESSIONS_TRACK_ACTIVITY = False
# allauth, MFA and headless: end
# Where likeness of devices begins to mean something, as JSON: {"same": 0.8} (docs/devices.md).
DEVICE_THRESHOLDS = env.json("DEVICE_THRESHOLDS", default={})

# ── The desk ──────────────────────────────────────────────────────────────────────────────────────
# What answers a STEP_UP of the desk's own people: face, second_factor.
STEP_UP_PROOFS = env.list("STEP_UP_PROOFS", default=["face", "second_factor"])
# How old a second factor, or a face that was set up, must be to prove anything, in hours.
PROOF_FACTOR_AGE_H = env.float("PROOF_FACTOR_AGE_H", default=24.0)
# Days that the few pictures of a judged face check are kept, and after which a face is taken anew.
FACE_AUDIT_DAYS = env.int("FACE_AUDIT_DAYS", default=30)
FACE_RENEW_DAYS = env.int("FACE_RENEW_DAYS", default=730)
# Reference prices: "table" (staff set them), or "file:/path.json", {asset: {fiat: price as text}},
# read every minute. Floating ads rest while a price is older than so many hours (0: never).
PRICE_SOURCE = env.str("PRICE_SOURCE", default="table")
PRICE_MAX_AGE_H = env.float("PRICE_MAX_AGE_H", default=0 if PRICE_SOURCE == "table" else 1)
# Notices that matter and stay unread for so many minutes are sent by e-mail.
NOTICE_MAIL_MINUTES = env.int("NOTICE_MAIL_MINUTES", default=5)
# What the market shows first.
MARKET_ASSET = env.str("MARKET_ASSET", default="USDT-TRC20")
MARKET_FIAT = env.str("MARKET_FIAT", default="USD")
# Above this an appeal is decided by two people, and paid out once nobody objects any more.
APPEAL_SECOND_PAIR_USD = env.str("APPEAL_SECOND_PAIR_USD", default="5000")
# Who holds the keys: none (nothing comes or goes), sandbox (embedded, no coins), webhook (the
# exchange's own wallet service; docs/custody.md).
CUSTODY = env.str("CUSTODY", default="none" if PRODUCTION else "sandbox")
CUSTODY_URL = env.str("CUSTODY_URL", default="")
CUSTODY_SECRET = secrets.read("CUSTODY_SECRET", kept_in=None)
# Providers that screen addresses and deposits, all of which have to answer, in so many minutes.
SCREENERS = env.list("SCREENERS", default=["lists"])
SCREENING_MINUTES = env.int("SCREENING_MINUTES", default=10)
# Watch-lists to fetch, {"OFAC_SDN": "https://…"}; how alike a name must be (docs/screening.md).
SCREENING_FEEDS = env.json("SCREENING_FEEDS", default={})
SCREENING_NAME_SCORE = env.float("SCREENING_NAME_SCORE", default=0.85)
# How long a new address waits, unless control of it is shown.
ADDRESS_COOL_DOWN_HOURS = env.int("ADDRESS_COOL_DOWN_HOURS", default=24)
# From so many USD on, two of staff decide on a withdrawal that waits for a human.
WITHDRAWAL_SECOND_PAIR_USD = env.int("WITHDRAWAL_SECOND_PAIR_USD", default=10_000)
# From so many USD on the travel rule's data are needed, by country of the identity document ("*").
TRAVEL_RULE_USD = env.json("TRAVEL_RULE_USD", default={"*": {"SELF_HOSTED": "1000", "VASP": "0"}})

# ── API ───────────────────────────────────────────────────────────────────────────────────────────
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "apps.users.authentication.SessionTokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.problems.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# Of each API key or user a second, and how many at once (decisions: of each web process); bytes of
# one body.
DECISION_RATE_PER_S = env.float("DECISION_RATE_PER_S", default=1000.0)
DECISION_BURST = env.float("DECISION_BURST", default=2000.0)
API_RATE_PER_S = env.float("API_RATE_PER_S", default=20.0)
API_BURST = env.float("API_BURST", default=60.0)
API_MAX_BODY = env.int("API_MAX_BODY", default=1024 * 1024)
# How far a sender's clock may be ahead of ours, and how old an act may be, in seconds.
CLOCK_AHEAD_S = env.float("CLOCK_AHEAD_S", default=5 * 60.0)
DECISION_AGE_S = env.float("DECISION_AGE_S", default=15 * 60.0)
EVENT_AGE_S = env.float("EVENT_AGE_S", default=2 * 86_400.0)
# Whether webhooks may go to private addresses and over plain http: to try things out.
WEBHOOKS_TO_PRIVATE = env.bool("WEBHOOKS_TO_PRIVATE", default=not PRODUCTION)

# ── Console (owned by apps.console) ───────────────────────────────────────────────────────────────
FORMAT_MODULE_PATH = ["apps.console.formats"]

# ── Language, time, files, mail ───────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [folder for folder in [BASE_DIR / "static"] if folder.is_dir()]
WHITENOISE_USE_FINDERS = (
    not PRODUCTION
)  # development serves the checkout, production what collectstatic wrote
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR / "files"},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
vars().update(env.email_url("EMAIL_URL", default=f"filemail://{VAR / 'mail'}"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="otcrisk <no-reply@localhost>")

# ── What is written down ──────────────────────────────────────────────────────────────────────────
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="json" if PRODUCTION else "text")
LOGGING = log.configure(level=LOG_LEVEL, json=LOG_FORMAT == "json")
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
# It would freeze request.user before an app's token is read; StaffNeedSecondFactor binds the id.
DJANGO_STRUCTLOG_USER_ID_FIELD = None
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line per request: how it ended
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# apps.core.problems gave the request this id, or kept one that looks like an id.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
