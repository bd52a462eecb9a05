"""Snippets that break the rules about transactions, and snippets that look alike and are right."""

from tests.conventions import transactions
from tests.conventions.offences import Cases
from tests.conventions.source import Rule

OFFENCES: dict[Rule, Cases] = {
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
}
