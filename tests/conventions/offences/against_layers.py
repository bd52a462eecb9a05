"""Snippets that break the rules about who may know whom, and snippets that look alike and are right."""

from tests.conventions import layers
from tests.conventions.offences import Cases
from tests.conventions.source import Rule

KEY = "from django.conf import settings\nfrom django.db import models\n"

OFFENCES: dict[Rule, Cases] = {
    layers.imports_point_down: Cases(
        caught=[
            ("payments/services.py", "from bookings import services"),
            ("payments/services.py", "import bookings.models"),
            ("likes/services.py", "from tagging.models import Tag"),
            ("bookings/services.py", "from config import settings"),
            ("lib/words.py", "from archive import services"),
            ("archive/tasks.py", "def task():\n    from sessions_app import services"),
        ],
        allowed=[
            ("bookings/services.py", "from payments import services as payments"),
            ("bookings/services.py", "from bookings.models import Slot\nfrom . import signals"),
            ("config/urls.py", "from returns import views"),
            ("tests/bookings/test_moves.py", "from config import settings"),
        ],
    ),
    layers.lib_stands_alone: Cases(
        caught=[
            ("lib/paging.py", "from sessions_app.models import User"),
            ("lib/paging.py", "from django.db import models"),
            ("lib/paging.py", "from django.db.models import Model"),
            ("lib/paging.py", "from django.conf import settings"),
        ],
        allowed=[
            ("lib/paging.py", "from datetime import timedelta\nfrom django.utils import timezone"),
            ("lib/paging.py", "from django.db.models import Q, QuerySet"),
        ],
    ),
    layers.files_import_what_is_theirs: Cases(
        caught=[
            ("bookings/views.py", "from bookings import tasks"),
            ("bookings/views.py", "from payments import signals"),
            ("bookings/views.py", "from payments.allocation import shares"),
            ("bookings/models.py", "from bookings import services"),
            ("bookings/models.py", "from payments.models import Bill"),
            ("bookings/services.py", "from bookings import tasks"),
            ("bookings/services/moves.py", "from bookings.views import page"),
            ("bookings/forms.py", "from bookings import services"),
            ("bookings/signals.py", "from bookings.models import Slot"),
            ("bookings/signals.py", "import blinker"),
            ("bookings/receivers.py", "from payments import services"),
            ("bookings/tasks.py", "from bookings.models import Slot"),
            ("emailqueue/delivery.py", "from emailqueue import services"),
            ("bookings/admin.py", "from bookings import tasks"),
            ("bookings/management/commands/free_slots.py", "from bookings import views"),
            ("bookings/templatetags/bookings.py", "from bookings import views"),
            ("bookings/availability.py", "from bookings import forms"),
        ],
        allowed=[
            ("bookings/views.py", "from bookings import services\nfrom payments import services as payments"),
            ("bookings/views.py", "from sessions_app.requests import Request"),
            ("bookings/models.py", "from bookings import availability"),
            ("emailqueue/services.py", "from emailqueue import tasks\n== emailqueue/delivery.py\n"),
            (
                "bookings/receivers.py",
                "from bookings import services\nfrom payments import signals\nfrom payments.models import Bill",
            ),
            ("bookings/services/moves.py", "from bookings.services.holds import hold"),
            ("tests/bookings/test_moves.py", "from bookings import tasks"),
        ],
    ),
    layers.engines_are_pure: Cases(
        caught=[
            ("payments/allocation.py", "from django.utils import timezone"),
            ("bookings/availability.py", "from bookings.models import Slot"),
        ],
        allowed=[("payments/allocation.py", "from decimal import Decimal\nfrom lib import rounding")],
    ),
    layers.keys_point_down_by_string: Cases(
        caught=[
            ("bookings/models.py", KEY + 'bill = models.ForeignKey("payments.Bill", models.PROTECT)'),
            ("payments/models.py", KEY + 'slot = models.ForeignKey("bookings.Slot", models.PROTECT, related_name="+")'),
            ("likes/models.py", KEY + 'tag = models.ForeignKey("tagging.Tag", models.CASCADE, related_name="+")'),
            ("bookings/models.py", KEY + "by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)"),
            (
                "bookings/models.py",
                KEY + 'by = models.ForeignKey("sessions_app.User", models.PROTECT, related_name="+")',
            ),
            (
                "bookings/models.py",
                KEY + 'from payments.models import Bill\nbill = models.OneToOneField(to=Bill, related_name="+")',
            ),
        ],
        allowed=[
            ("bookings/models.py", KEY + 'bill = models.ForeignKey("payments.Bill", models.PROTECT, related_name="+")'),
            (
                "bookings/models.py",
                KEY + 'by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")',
            ),
            ("archive/models.py", KEY + 'by = models.ForeignKey(settings.AUTH_USER_MODEL, None, related_name="+")'),
            ("bookings/models.py", KEY + 'space = models.ForeignKey("Space", models.CASCADE, related_name="slots")'),
            ("comments/models.py", KEY + 'kind = models.ForeignKey("contenttypes.ContentType", models.CASCADE)'),
        ],
    ),
}
