"""A thing with the tags of django-taggit."""

from django.db import models
from taggit.managers import TaggableManager


class Article(models.Model):
    title = models.CharField(max_length=120)
    tags = TaggableManager()

    def __str__(self) -> str:
        return self.title
