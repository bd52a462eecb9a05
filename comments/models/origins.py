"""Where discussions and comments came from that were said somewhere else first."""

from django.db import models
from django.db.models import Q


class Origin(models.Model):
    """What a discussion or a comment was called where it came from; whoever imports it again finds it here."""

    source = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    discussion = models.ForeignKey("comments.Discussion", models.CASCADE, null=True, related_name="+")
    comment = models.ForeignKey("comments.Comment", models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            # Also the index by which an import finds what is here already.
            models.UniqueConstraint(fields=["source", "key"], name="origin_is_taken_in_once"),
            models.CheckConstraint(
                condition=Q(discussion__isnull=False, comment=None) | Q(discussion=None, comment__isnull=False),
                name="origin_is_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"
