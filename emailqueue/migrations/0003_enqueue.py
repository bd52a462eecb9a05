from django.db import migrations

from emailqueue.services import statements


class Migration(migrations.Migration):
    dependencies = [("emailqueue", "0002_mails_that_are_held")]

    operations = [
        migrations.RunSQL(statements.FUNCTION, "DROP FUNCTION emailqueue_enqueue"),
    ]
