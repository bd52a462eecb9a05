"""Snippets that break the rules about errors, imports, names and sizes, and snippets that look alike and are right."""

from tests.conventions import writing
from tests.conventions.offences import Cases
from tests.conventions.source import Rule

OFFENCES: dict[Rule, Cases] = {
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
            ("sessions_app/engine.py", "x = 1\n" * 381),
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
            ("config/settings.py", "x = 1"),
            ("config/celery.py", "x = 1"),
        ],
        allowed=[("config/celery.py", "def _configure():\n    pass")],
    ),
}
