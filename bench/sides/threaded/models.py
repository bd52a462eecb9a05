"""A thing that django-comments-xtd hangs comments on, and notes as trees of django-mptt and of django-treebeard."""

from django.conf import settings
from django.db import models
from django.utils.safestring import SafeString
from mptt.models import MPTTModel, TreeForeignKey
from treebeard.mp_tree import MP_Node


class Article(models.Model):
    title = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/articles/{self.pk}"


class Words(models.Model):
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    body = models.TextField()
    body_html = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    @property
    def html(self) -> SafeString:
        return SafeString(self.body_html)


class Nested(MPTTModel, Words):  # type: ignore[misc]
    parent = TreeForeignKey("self", models.CASCADE, null=True, related_name="+")

    def __str__(self) -> str:
        return f"note {self.pk}"


class Path(MP_Node, Words):  # type: ignore[misc]
    def __str__(self) -> str:
        return f"note {self.pk}"
