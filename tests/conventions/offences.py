"""For each rule, snippets that break it in one place, and snippets that look alike and are right."""

from typing import NamedTuple

from tests.conventions import layers, pages, transactions, words, writing
from tests.conventions.source import Rule


class Cases(NamedTuple):
    caught: list[tuple[str, str]]
    allowed: list[tuple[str, str]]


KEY = "from django.conf import settings\nfrom django.db import models\n"
LONG_VIEW = "def page(request):\n" + "    step()\n" * 15 + "    return answer()\n"

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
        allowed=[("lib/paging.py", "from datetime import timedelta\nfrom django.utils import timezone")],
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
            ("bookings/models.py", "from bookings import availability"),
            ("emailqueue/services.py", "from emailqueue import tasks\n== emailqueue/delivery.py\n"),
            ("bookings/receivers.py", "from bookings import services\nfrom payments import signals"),
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
    transactions.atomic_says_its_kind: Cases(
        caught=[
            ("bookings/services.py", "@transaction.atomic\ndef book(): ..."),
            ("bookings/services.py", "@transaction.atomic()\ndef book(): ..."),
            ("bookings/services.py", "with transaction.atomic(using='default'):\n    pass"),
            ("bookings/services.py", "with transaction.atomic(durable=False):\n    pass"),
            ("bookings/services.py", "with transaction.atomic(savepoint=False, durable=True):\n    pass"),
            ("tests/test_locks.py", "from django.db.transaction import atomic\nwith atomic():\n    pass"),
            ("bookings/views.py", "page = method_decorator(transaction.atomic)(page)"),
        ],
        allowed=[
            ("bookings/services.py", "@transaction.atomic(durable=True)\ndef book(): ..."),
            ("bookings/services.py", "with transaction.atomic(using=alias, savepoint=True):\n    pass"),
            ("bookings/migrations/0002_index.py", "class Migration:\n    atomic = False"),
        ],
    ),
    transactions.rings_after_commit_are_robust: Cases(
        caught=[
            ("bookings/services.py", "transaction.on_commit(lambda: ring())"),
            ("bookings/services.py", "transaction.on_commit(partial(ring, 1), robust=True)"),
            ("bookings/services.py", "tasks.deliver.delay_on_commit(1)"),
            ("bookings/services.py", "tasks.deliver.apply_async([1], countdown=90)"),
        ],
        allowed=[("bookings/services.py", "transaction.on_commit(lambda: ring(), robust=True)")],
    ),
    transactions.nothing_slow_inside_a_transaction: Cases(
        caught=[
            ("bookings/services.py", "@transaction.atomic(durable=True)\ndef book():\n    tasks.deliver.delay(1)"),
            ("bookings/services.py", "with transaction.atomic(savepoint=False):\n    send_mail('x')"),
        ],
        allowed=[
            (
                "bookings/services.py",
                "@transaction.atomic(durable=True)\ndef book():\n"
                "    transaction.on_commit(lambda: tasks.deliver.delay(1), robust=True)",
            ),
            ("bookings/services.py", "with transaction.atomic(durable=True):\n    pass\nsend_mail('x')"),
        ],
    ),
    transactions.locks_let_inserts_through: Cases(
        caught=[
            ("bookings/services.py", "Space.objects.select_for_update().get(pk=1)"),
            ("bookings/services.py", 'Space.objects.select_for_update(of=("self",)).get(pk=1)'),
            ("bookings/services.py", "Space.objects.select_for_update(no_key=False).get(pk=1)"),
        ],
        allowed=[
            ("bookings/services.py", "Space.objects.select_for_update(no_key=True).get(pk=1)"),
            ("bookings/services.py", "Space.objects.select_for_update(skip_locked=True)[:10]"),
        ],
    ),
    transactions.drift_shows: Cases(
        caught=[
            ("likes/services.py", "Greatest(0, F('count') - 1)"),
            ("likes/services.py", "functions.Greatest(F('count') - 1, Value(0))"),
        ],
        allowed=[("likes/services.py", "Greatest(F('a'), F('b'))")],
    ),
    writing.nothing_listens_to_row_signals: Cases(
        caught=[
            ("bookings/receivers.py", "from django.db.models.signals import post_save"),
            ("bookings/receivers.py", "signals.pre_delete.connect(answer)"),
        ],
        allowed=[("bookings/receivers.py", "from django.contrib.auth.signals import user_logged_in")],
    ),
    writing.nobody_overrides_save: Cases(
        caught=[
            ("bookings/models.py", "class Slot(models.Model):\n    def save(self, *args):\n        pass"),
            ("bookings/forms.py", "class SlotForm(forms.Form):\n    def save(self):\n        pass"),
            ("bookings/models.py", "class Slot(models.Model):\n    def delete(self):\n        pass"),
        ],
        allowed=[("bookings/models.py", "class Slot(models.Model):\n    def is_free(self):\n        self.save()")],
    ),
    writing.imports_stand_at_the_top: Cases(
        caught=[
            ("bookings/services.py", "def book():\n    from bookings import signals"),
            ("bookings/apps.py", "class Config:\n    def late(self):\n        import payments"),
        ],
        allowed=[
            ("bookings/apps.py", "class Config:\n    def ready(self):\n        from bookings import receivers"),
            ("tests/test_start.py", "def test_start():\n    import config"),
        ],
    ),
    writing.errors_are_caught_by_name: Cases(
        caught=[
            ("bookings/services.py", "try:\n    go()\nexcept Exception:\n    pass"),
            ("bookings/services.py", "try:\n    go()\nexcept (ValueError, BaseException):\n    pass"),
            ("tests/test_start.py", "try:\n    go()\nexcept:\n    pass"),
            ("sessions_app/engine.py", "def other():\n    try:\n        go()\n    except Exception:\n        pass"),
        ],
        allowed=[
            ("bookings/services.py", "try:\n    go()\nexcept (ValueError, KeyError):\n    pass"),
            ("sessions_app/engine.py", "def load():\n    try:\n        go()\n    except Exception:\n        pass"),
        ],
    ),
    writing.nothing_prints: Cases(
        caught=[("bookings/services.py", "print('booked')")],
        allowed=[
            ("bookings/management/commands/free_slots.py", "self.stdout.write('freed=3')"),
            ("deploy/local/run.py", "print('up')"),
        ],
    ),
    writing.files_are_short: Cases(
        caught=[
            ("bookings/services.py", "x = 1\n" * 301),
            ("sessions_app/engine.py", "x = 1\n" * 351),
            ("tests/bookings/test_moves.py", "x = 1\n" * 301),
        ],
        allowed=[
            ("bookings/services.py", "x = 1\n" * 300),
            ("bookings/migrations/0001_initial.py", "x = 1\n" * 500),
        ],
    ),
    writing.services_are_called_by_keyword: Cases(
        caught=[
            ("bookings/services.py", 'def book_slot(slot_id, *, by):\n    """Book."""'),
            ("bookings/services.py", 'def book_slots(*slot_ids):\n    """Book."""'),
            ("bookings/services/moves.py", "def move_booking(*, by):\n    return True"),
        ],
        allowed=[
            ("bookings/services.py", 'def book_slot(*, by):\n    """Book."""\n\ndef _lock(row):\n    pass'),
            ("bookings/services.py", "class SlotTaken(Exception):\n    def __init__(self, slot):\n        pass"),
        ],
    ),
    writing.tasks_are_shells: Cases(
        caught=[("bookings/tasks.py", "@shared_task\ndef free():\n    a()\n    b()\n    c()\n    d()")],
        allowed=[("bookings/tasks.py", '@shared_task\ndef free():\n    """Free."""\n    services.free()')],
    ),
    writing.names_say_something: Cases(
        caught=[
            ("bookings/utils.py", ""),
            ("core/models.py".replace("core", "bookings/core"), ""),
            ("lib/helpers.py", ""),
            ("bookings/models.py", "class OwnedMixin:\n    pass"),
            ("bookings/models.py", "class BaseModel(models.Model):\n    pass"),
            ("bookings/services.py", "def handle_booking():\n    pass"),
        ],
        allowed=[
            ("bookings/availability.py", "def free_between():\n    pass"),
            ("config/middleware.py", "class Away:\n    def process_exception(self):\n        pass"),
        ],
    ),
    writing.commands_are_verb_noun: Cases(
        caught=[("bookings/management/commands/free.py", ""), ("bookings/management/commands/freeSlots.py", "")],
        allowed=[
            ("bookings/management/commands/free_slots.py", ""),
            ("bookings/management/commands/__init__.py", ""),
            ("sessions_app/management/commands/clearsessions.py", ""),
        ],
    ),
    writing.moments_end_in_at: Cases(
        caught=[
            ("bookings/models.py", "class Slot:\n    created = models.DateTimeField()"),
            ("bookings/models.py", "class Slot:\n    due_at = models.DateField()"),
        ],
        allowed=[
            ("bookings/models.py", "class Slot:\n    at = models.DateTimeField()\n    due_on = models.DateField()")
        ],
    ),
    writing.models_open_with_invariants: Cases(
        caught=[
            ("bookings/models.py", '"""Bookings."""'),
            ("bookings/models/__init__.py", '"""Invariants: none."""'),
        ],
        allowed=[
            ("bookings/models.py", '"""Bookings.\n\nInvariants:\n\n1. Never twice.\n"""'),
            ("bookings/models/slots.py", ""),
        ],
    ),
    writing.moments_know_their_zone: Cases(
        caught=[
            ("bookings/services.py", "now = datetime.now()"),
            ("bookings/services.py", "now = datetime.datetime.utcnow()"),
            ("bookings/services.py", "today = date.today()"),
        ],
        allowed=[("bookings/services.py", "now = timezone.now()\nlater = datetime.now(UTC)")],
    ),
    writing.forms_only_parse: Cases(
        caught=[("bookings/forms.py", "class SlotForm(forms.ModelForm):\n    pass")],
        allowed=[("bookings/forms.py", "class SlotForm(forms.Form):\n    pass")],
    ),
    writing.lists_are_not_stale: Cases(
        caught=[
            ("sessions_app/models.py", "x = 1"),
            ("config/celery.py", "x = 1"),
        ],
        allowed=[("config/celery.py", "def _configure():\n    pass")],
    ),
    pages.views_name_their_methods: Cases(
        caught=[
            (
                "bookings/urls.py",
                "from bookings import views\npath('x', views.page)\n== bookings/views.py\ndef page(request): ...",
            ),
            (
                "bookings/urls.py",
                "from bookings.views import page\npath('x', page)\n== bookings/views.py\n"
                "@login_not_required\ndef page(request): ...",
            ),
            ("bookings/urls.py", "from bookings import views\npath('x', views.missing)\n== bookings/views.py\n"),
            ("bookings/urls.py", "from bookings import views\npath('x', views.Page.as_view())"),
        ],
        allowed=[
            (
                "bookings/urls.py",
                "from bookings import views\npath('x', views.page)\npath('y', include('other.urls'))\n"
                "== bookings/views.py\n@require_http_methods(['GET', 'POST'])\ndef page(request): ...",
            ),
            ("config/urls.py", "from django.contrib import admin\npath('admin/', admin.site.urls)"),
        ],
    ),
    pages.public_views_are_listed: Cases(
        caught=[
            ("bookings/views.py", "@login_not_required\n@require_safe\ndef page(request): ..."),
            ("config/views.py", "@require_safe\ndef home(request): ..."),
        ],
        allowed=[("config/views.py", "@login_not_required\n@require_safe\ndef home(request): ...")],
    ),
    pages.public_is_said_by_the_decorator: Cases(
        caught=[("bookings/views.py", "page.login_required = False")],
        allowed=[("bookings/views.py", "if page.login_required:\n    pass")],
    ),
    pages.views_are_short: Cases(
        caught=[
            ("bookings/views.py", LONG_VIEW),
            ("bookings/views.py", "def page(request):\n    return answer(\n" + "        1,\n" * 25 + "    )\n"),
        ],
        allowed=[("bookings/views.py", LONG_VIEW.replace("    step()\n", "", 1))],
    ),
    pages.views_read_by_adjective: Cases(
        caught=[
            ("bookings/views.py", "slots = Slot.objects.all()"),
            ("bookings/views.py", "from payments.models import Bill\nbills = Bill.objects.filter(paid_at=None)"),
        ],
        allowed=[
            (
                "bookings/views.py",
                "from payments.models import Bill\nbills = Bill.objects.visible_to(request.user)\n"
                "slots = Slot.objects.filter(pk=1)",
            )
        ],
    ),
    pages.views_write_nothing: Cases(
        caught=[
            ("bookings/views.py", "slot.save()"),
            ("bookings/api.py", "Slot.objects.create(name='x')"),
            ("bookings/views.py", "Slot.objects.select_for_update(no_key=True)"),
        ],
        allowed=[("bookings/views.py", "services.create(name='x')\nresponse.delete_cookie('x')")],
    ),
    pages.templates_hold_no_code: Cases(
        caught=[
            ("templates/base.html", "<p>\n<script>go()</script>"),
            ("templates/base.html", "<style>p { color: red }</style>"),
            ("templates/base.html", '<p class="a" style="color: red">'),
            ("templates/base.html", '<button onclick="go()">'),
            ("templates/base.html", '<button hx-on:click="go()">'),
            ("bookings/templates/x.html", '<a href="javascript:go()">'),
            ("templates/base.html", "{{ text|safe }}"),
        ],
        allowed=[
            ("templates/base.html", '<script type="module" src="{% static "js/theme.js" %}"></script>'),
            ("templates/base.html", '<script id="x" type="application/json">{}</script>'),
            ("templates/base.html", "{# never <style> here #}"),
            ("templates/sessions_app/mails/new_device.html", "<style>p { margin: 0 }</style>"),
        ],
    ),
    pages.forms_carry_their_token: Cases(
        caught=[("templates/x.html", '<form method="post"><button>Go</button></form>')],
        allowed=[
            ("templates/x.html", '<form method="post">{% csrf_token %}<button>Go</button></form>'),
            ("templates/x.html", '<form method="get"><button>Go</button></form>'),
        ],
    ),
    words.nothing_is_unfinished: Cases(
        caught=[("docs/running.md", "TO" + "DO: write this"), ("bookings/views.py", "# FIX" + "ME")],
        allowed=[("docs/running.md", "What to do, and a hack" + "saw")],
    ),
    words.nothing_names_a_machine: Cases(
        caught=[
            ("docs/running.md", "cd /wor" + "k/main"),
            ("requirements.txt", "https://pyp" + "i.org/simple"),
            ("deploy/x.py", "path = '/hom" + "e/alice'"),
        ],
        allowed=[("docs/running.md", "DATA_DIR=/srv/guildhall and https://example.org/work/x")],
    ),
    words.tests_never_sleep: Cases(
        caught=[
            ("tests/test_x.py", "import time\ntime.sleep(1)"),
            ("tests/test_x.py", "from time import sleep\nsleep(1)"),
        ],
        allowed=[("tests/test_x.py", "done.wait(5)"), ("deploy/x.py", "import time\ntime.sleep(1)")],
    ),
    words.tests_mock_nothing_of_ours: Cases(
        caught=[
            ("tests/test_x.py", "with mock.patch('bookings.services.book_slot'):\n    pass"),
            ("tests/test_x.py", "@patch('lib.paging.page')\ndef test(): ..."),
        ],
        allowed=[("tests/test_x.py", "with mock.patch('smtplib.SMTP'):\n    pass")],
    ),
}
