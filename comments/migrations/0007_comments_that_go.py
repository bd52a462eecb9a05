from django.db import migrations, models
from django.db.models import Q

# By this Postgres looks whether a comment that goes has answers below its path: without it, it reads the whole thread
# for each comment of a thread.
ANSWERS = """
CREATE INDEX comment_answers ON comments_comment (thread_id, parent_path) WHERE parent_path IS NOT NULL;
"""


class Migration(migrations.Migration):

    dependencies = [("comments", "0006_feeds")]

    operations = [
        migrations.RemoveIndex(model_name="comment", name="comment_replies"),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index("parent", "id", name="comment_replies", condition=Q(parent__isnull=False)),
        ),
        migrations.RunSQL(ANSWERS, "DROP INDEX comment_answers;"),
    ]
