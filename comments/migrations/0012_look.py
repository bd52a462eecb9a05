from django.db import migrations

from comments.services import looking


class Migration(migrations.Migration):
    dependencies = [("comments", "0011_discussions_published")]

    operations = [
        migrations.RunSQL(looking.FUNCTION, "DROP FUNCTION comments_look"),
    ]
