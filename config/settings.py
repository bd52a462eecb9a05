"""Every setting of Guildhall, fed by the environment; `.env.example` lists the keys with their meaning.

A key that cannot be parsed stops the start with its name. The defaults are the safe ones: a deployment has
to ask for anything looser (`DEBUG`, `DEMO`, `HTTPS=off`).
"""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from django.urls import reverse_lazy

from config.environment import Environment
from config.logging import FORMATS, LEVELS, logging_config

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment(BASE_DIR / ".env")

# --- What kind of place this is ---------------------------------------------------------------------------

DEBUG = env.flag("DEBUG", False)
DEMO = env.flag("DEMO", False)
DEMO_PASSWORD = env.text("DEMO_PASSWORD", "guildhall-demo")
HTTPS = env.flag("HTTPS", True)
SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "var")))
HALL_NAME = env.text("HALL_NAME", "Guildhall")
# Where people reach the hall; links in mails start with it.
BASE_URL = env.address("BASE_URL", "http://127.0.0.1:8000")

# Networks whose X-Forwarded-For is believed, and networks that may read /metrics.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
METRICS_ALLOWED = env.networks("METRICS_ALLOWED", ["127.0.0.1/32", "::1/128"])

# --- Parts ------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.admin.HallAdminConfig",
    "config.apps.HallConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "sessions_app",
    "preferences",
    "idempotency",
    "featureflags",
    "webhooks",
    "emailqueue",
    "quotas",
    "likes",
    "tagging",
    "comments",
]

MIDDLEWARE = [
    "config.middleware.RequestLogMiddleware",
    "config.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.ProblemMiddleware",
    "config.middleware.BadInputMiddleware",
    "config.middleware.PartAwayMiddleware",
    "config.middleware.ProbeMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sessions_app.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "sessions_app.middleware.AuthenticationMiddleware",
    "preferences.middleware.ThemeMiddleware",
    "featureflags.middleware.FlagsMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

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
                "config.context.hall",
            ],
        },
    },
]

# Forms are drawn by the hall's own templates/django/forms.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Postgres ---------------------------------------------------------------------------------------------

DATABASES = {"default": env.database("DATABASE_URL")}
DATABASES["default"] |= {
    # Django's own backend, with a fence of idempotency keys before each commit and a door before the pool.
    "ENGINE": "config.postgres",
    # Safe behind PgBouncer in transaction mode: nothing outlives a transaction.
    "DISABLE_SERVER_SIDE_CURSORS": True,
    "CONN_MAX_AGE": 0,
    # The pool asks a connection with an empty statement before it hands it out: one that Postgres left at a restart is
    # replaced, and no page pays for it.
    "CONN_HEALTH_CHECKS": True,
    "ATOMIC_REQUESTS": False,
}
DATABASES["default"].setdefault("OPTIONS", {})
if env.flag("DATABASE_POOL", True):
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": env.number("DATABASE_POOL_MIN", 1),
        "max_size": env.number("DATABASE_POOL_MAX", 8),
        "timeout": 5,
    }
if env.flag("DATABASE_TIMEOUTS", True):
    # PgBouncer refuses `options` at connect: there, set these with ALTER ROLE and DATABASE_TIMEOUTS=off.
    DATABASES["default"]["OPTIONS"]["options"] = (
        "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s"
        # Compiling a statement takes longer than any of ours runs.
        " -c jit=off"
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis ------------------------------------------------------------------------------------------------

REDIS = env.redis("REDIS_URL")
REDIS_URL = REDIS.url
# Half-open sockets must not hold a page: all of Redis is optional for answering a request.
REDIS_TIMEOUT_SECONDS = 0.25
CACHES = {"default": REDIS.cache() | {"BACKEND": "django_redis.cache.RedisCache", "KEY_PREFIX": "cache"}}
CACHES["default"]["OPTIONS"] |= {
    "IGNORE_EXCEPTIONS": True,
    "LOG_IGNORED_EXCEPTIONS": True,
    "SOCKET_CONNECT_TIMEOUT": REDIS_TIMEOUT_SECONDS,
    "SOCKET_TIMEOUT": REDIS_TIMEOUT_SECONDS,
}

# --- Who is here ------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "sessions_app.User"
# The address is unique in any case, by a constraint on its lower case that this check does not know.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")

# The names carry `__Host-` over https, where browsers enforce it; plain http cannot.
HOST_PREFIX = "__Host-" if HTTPS else ""
SESSION_ENGINE = "sessions_app.engine"
SESSION_COOKIE_NAME = f"{HOST_PREFIX}session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=30).total_seconds())
# Only "remember me" makes a session outlive its browser.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
DEVICE_COOKIE_NAME = f"{HOST_PREFIX}device"
THEME_COOKIE_NAME = f"{HOST_PREFIX}theme"
# A script writes this one.
ZONE_COOKIE_NAME = f"{HOST_PREFIX}zone"
MESSAGES_COOKIE_NAME = f"{HOST_PREFIX}messages"
MESSAGE_STORAGE = "config.messages.HallStorage"

# Idle and absolute limits; what ASVS 7.1.1 asks to be written down stands in SECURITY.md.
SESSION_LIMITS = {
    "staff": (timedelta(minutes=30), timedelta(hours=12)),
    "remembered": (timedelta(days=7), timedelta(days=30)),
    "member": (timedelta(hours=2), timedelta(hours=24)),
}
SESSION_MAX_PER_PERSON = 10
SESSION_SEEN_EVERY = timedelta(minutes=1)
SESSION_CACHE_SECONDS = 600

CSRF_COOKIE_NAME = f"{HOST_PREFIX}csrftoken"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"

ACCOUNT_ADAPTER = "sessions_app.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "sessions_app.forms.SignupForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("home")
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = HALL_NAME
# A code may be one step of 30 s old, as RFC 6238 (section 5.2) recommends: typing it takes a moment.
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# --- Feature flags ----------------------------------------------------------------------------------------

# How often a process looks at the version stamp in Redis, and at Postgres itself: the longest that a kill may take.
FLAG_CHECK_SECONDS = 0.25
FLAG_POLL_SECONDS = env.number("FLAG_POLL_SECONDS", 5)
# How often a process hands its counts over, and which of its evaluations it keeps as an exposure: every so manieth.
FLAG_FLUSH_SECONDS = 5
FLAG_SAMPLE_EVERY = env.number("FLAG_SAMPLE_EVERY", 100)
FLAG_EXPOSURE_DAYS = 30
FLAG_STALE_DAYS = env.number("FLAG_STALE_DAYS", 30)
# OFREP requests a minute, for each token and for each address without one.
FLAG_OFREP_PER_MINUTE = env.number("FLAG_OFREP_PER_MINUTE", 600, least=1)

# --- Webhooks ---------------------------------------------------------------------------------------------

# What seals the secrets of endpoints: the first seals, all of them open. None: the secret key and its fallbacks.
WEBHOOK_SECRET_KEYS = env.names("WEBHOOK_SECRET_KEYS")
# From the first byte sent to the last one read.
WEBHOOK_DEADLINE_SECONDS = env.number("WEBHOOK_DEADLINE_SECONDS", 15, least=1)
# Addresses that may be reached although they are not public, each ADDRESS:PORT or ADDRESS:*.
WEBHOOK_ALLOWED_ADDRESSES = env.names("WEBHOOK_ALLOWED_ADDRESSES")

# --- Talk -------------------------------------------------------------------------------------------------

# Words that a moderator looks at before others read the comment.
COMMENTS_HELD_WORDS = env.names("COMMENTS_HELD_WORDS", [])
COMMENTS_BANNED_WORDS = env.names("COMMENTS_BANNED_WORDS", [])
COMMENTS_PUBLIC_LOG = env.flag("COMMENTS_PUBLIC_LOG", False)
# A service that says which comments a moderator looks at first; and what becomes of them while it says nothing.
COMMENTS_CHECK_URL = env.service("COMMENTS_CHECK_URL")
COMMENTS_CHECK_SECRET = env.signing_secret("COMMENTS_CHECK_SECRET", needed=bool(COMMENTS_CHECK_URL))
COMMENTS_CHECK_SECONDS = env.number("COMMENTS_CHECK_SECONDS", 2, least=1)
COMMENTS_CHECK_WITHOUT = env.choice("COMMENTS_CHECK_WITHOUT", "pass", ("pass", "hold"))
# May people like what is their own?
LIKE_OWN = env.flag("LIKE_OWN", True)
LIKE_EMOJI = env.names("LIKE_EMOJI", ["heart", "thanks", "laugh", "wow", "party"])

# --- What browsers are told -------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
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
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}
# The JSON API: how many requests in how many seconds, from one person's token or session, and from one address.
API_LIMIT_PERSON = (env.number("API_LIMIT_PERSON", 600, least=1), 60)
API_LIMIT_ADDRESS = (env.number("API_LIMIT_ADDRESS", 1200, least=1), 60)
# How long a browser or a probe should wait when a part is away.
RETRY_AFTER_SECONDS = 30
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
# The page of a flag with as many rules, variants and segments as one may have.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000
# The first one refuses what has no room, before it is read.
FILE_UPLOAD_HANDLERS = [
    "quotas.upload_handlers.QuotaUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Mail, time, files, logs ------------------------------------------------------------------------------

# All mail is queued; where it is handed over, in the order in which they are tried.
EMAIL_BACKEND = "emailqueue.backend.QueueBackend"
EMAIL_PROVIDERS = env.mail_servers("EMAIL_URL", "consolemail://")
EMAIL_TIMEOUT = env.number("EMAIL_TIMEOUT", 30, least=1)
DEFAULT_FROM_EMAIL = env.mail_sender("DEFAULT_FROM_EMAIL", "Guildhall <hall@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_MESSAGE_ID_DOMAIN = DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
# Connections of one worker process, how many of them bulk may use, and how many one domain.
EMAIL_LANES = env.number("EMAIL_LANES", 6, least=2)
EMAIL_LANES_OF_BULK = max(1, EMAIL_LANES - 1)
EMAIL_LANES_OF_DOMAIN = env.number("EMAIL_LANES_OF_DOMAIN", 2, least=1)
# Mails a second to one domain, of all workers together; "*" is every other one. 0: as many as it takes.
EMAIL_PACE = env.rates("EMAIL_PACE", "*=0")
# How long a worker may keep a mail before another one takes it over.
EMAIL_LEASE_SECONDS = 180
EMAIL_ATTACHMENTS_MAX_BYTES = env.number("EMAIL_ATTACHMENTS_MAX_BYTES", 10 * 1024 * 1024, least=0)
EMAIL_KEEP_CONTENT_DAYS = env.number("EMAIL_KEEP_CONTENT_DAYS", 30, least=1)
EMAIL_KEEP_STORY_DAYS = env.number("EMAIL_KEEP_STORY_DAYS", 400, least=1)
# Where bounces are sent to; empty: to the sender, and nobody reads them.
EMAIL_BOUNCE_ADDRESS = env.text("EMAIL_BOUNCE_ADDRESS", "")
EMAIL_DKIM_DOMAIN = env.text("EMAIL_DKIM_DOMAIN", "")
EMAIL_DKIM_SELECTOR = env.text("EMAIL_DKIM_SELECTOR", "hall")
EMAIL_DKIM_KEY_FILE = env.text("EMAIL_DKIM_KEY_FILE", "")
EMAIL_DKIM_KEY = env.dkim_key(domain=EMAIL_DKIM_DOMAIN, path=EMAIL_DKIM_KEY_FILE)
# What providers sign or send their reports with; empty: the address of that provider is not there.
EMAIL_POSTMARK_SECRET = env.text("EMAIL_POSTMARK_SECRET", "")
EMAIL_SENDGRID_KEY = env.text("EMAIL_SENDGRID_KEY", "")
EMAIL_SES_TOPIC = env.text("EMAIL_SES_TOPIC", "")
# Of what a member can say no to: the word in rows and links, and the words for people.
EMAIL_TOPICS = {
    "news": ("News of the hall", "What happens here: openings, courses, a letter now and then."),
    "reminders": ("Reminders", "What you booked and what waits for you, a day before."),
    "talk": ("Talk that you follow", "What is new in discussions and under tags that you follow, at most once a day."),
    "digest": ("The week in one mail", "What others wrote and made, once a week."),
}

LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    # What people upload. Never served by its path: each download asks who may.
    "default": env.storage("FILES_URL", DATA_DIR / "files"),
    "staticfiles": {
        "BACKEND": env.text("STATICFILES_BACKEND", "whitenoise.storage.CompressedManifestStaticFilesStorage")
    },
}

LOGGING = logging_config(
    format=env.choice("LOG_FORMAT", "json", FORMATS), level=env.choice("LOG_LEVEL", "INFO", LEVELS)
)
