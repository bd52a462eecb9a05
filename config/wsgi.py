"""The WSGI callable that the web server serves."""

import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from lib.charsets import only_text

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# The web processes add up their counts in files; the library looks for the folder when it is first imported.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = os.environ.get("PROMETHEUS_MULTIPROC_DIR") or str(
    settings.DATA_DIR / "metrics"
)
Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(parents=True, exist_ok=True)

application = only_text(get_wsgi_application())
