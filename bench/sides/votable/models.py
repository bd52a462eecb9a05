"""A thing that django-vote counts on."""

from django.db import models
from vote.models import VoteModel


class Article(VoteModel, models.Model):
    title = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.title
