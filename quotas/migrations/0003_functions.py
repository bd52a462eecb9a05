from django.conf import settings
from django.db import migrations

from quotas.services import statements


def make(apps, schema_editor):
    members = apps.get_model(settings.AUTH_USER_MODEL).groups.through._meta.db_table
    schema_editor.execute(statements.function(members=members), params=None)
    schema_editor.execute(statements.USE_FUNCTION, params=None)


def drop(apps, schema_editor):
    schema_editor.execute("DROP FUNCTION quotas_reserve")
    schema_editor.execute("DROP FUNCTION quotas_use")


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("quotas", "0002_plans"),
    ]

    operations = [migrations.RunPython(make, drop)]
