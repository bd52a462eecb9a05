"""Django's `flush` as tests need it between each other: what a test filled is emptied, and nothing is built again.

Django's own truncates every table and then makes all content types and permissions anew: 0.2 s after each test with
transactions of its own, most of which filled a handful of tables.
"""

from django.core.management.commands import flush
from django.db import connections

KEPT = ["django_migrations", "django_content_type", "auth_permission"]
# As a replica: without triggers, so that neither a ledger that nobody may change nor the order of keys is in the way.
EMPTY = """
DO $$
DECLARE
    place regclass;
    filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR place IN
        SELECT oid::regclass FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname <> ALL (ARRAY{kept})
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %s)', place) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM ONLY %s', place);
        END IF;
    END LOOP;
END $$
"""


class Command(flush.Command):
    def handle(self, **options):
        connection = connections[options["database"]]
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            (may_play_replica,) = cursor.fetchone()
            if may_play_replica:
                cursor.execute(EMPTY.replace("{kept}", str(KEPT)))
        if not may_play_replica:
            super().handle(**options)
