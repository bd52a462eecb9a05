"""The least that a Django project needs to know who is signed in: what every peer of `sessions_app` builds on.

Postgres, its connection pool and the cookies are set as the hall sets them.
"""

from config.settings import ALLOWED_HOSTS as ALLOWED_HOSTS
from config.settings import DATABASES as DATABASES
from config.settings import DEFAULT_AUTO_FIELD as DEFAULT_AUTO_FIELD
from config.settings import LOGGING as LOGGING
from config.settings import REDIS_TIMEOUT_SECONDS, REDIS_URL
from config.settings import SECRET_KEY as SECRET_KEY
from config.settings import USE_TZ as USE_TZ

INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]
ROOT_URLCONF = "bench.sides.sessions_app"
LOGIN_URL = "/sign-in"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": REDIS_TIMEOUT_SECONDS, "socket_timeout": REDIS_TIMEOUT_SECONDS},
    }
}
