"""django-quotas as it comes, beside the hall's people; its documented default model does not resolve, this one does."""

from bench.settings.quotas_plain import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django_quotas", "django_quotas.defaults", "django_quotas.backends.db"]
DJANGO_QUOTAS_QUOTA_MODEL_NAME = "django_quotas_defaults.DefaultQuotaModel"
DJANGO_QUOTAS_QUOTA_RELATED_ACCOUNT_MODEL_NAME = "sessions_app.User"
