import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("tagging", "0002_news_of_followed"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="tag", name="tag_slips"),
        migrations.CreateModel(
            name="Slips",
            fields=[
                (
                    "tag",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="slips",
                        serialize=False,
                        to="tagging.tag",
                    ),
                ),
                ("hashes", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
            ],
        ),
        migrations.RunSQL(
            "INSERT INTO tagging_slips (tag_id, hashes) SELECT id, slips FROM tagging_tag;"
            " SET CONSTRAINTS ALL IMMEDIATE",
            "UPDATE tagging_tag AS t SET slips = s.hashes FROM tagging_slips AS s WHERE s.tag_id = t.id;"
            " SET CONSTRAINTS ALL IMMEDIATE",
        ),
        migrations.RemoveField(model_name="tag", name="slips"),
        migrations.AddIndex(
            model_name="slips",
            index=django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=["hashes"], name="tag_slips"),
        ),
    ]
