"""What hangs on the noticeboard."""

from typing import Any, Self

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from comments.models.subscriptions import Subscription
from comments.models.threads import Thread
from lib import targets

TITLE_MAX = 120
BODY_MAX = 40_000
# What a page of a discussion needs of its thread.
THREAD_NAMES = ("pk", "comment_count", "locked_at", "premoderated_at")


class DiscussionQuerySet(models.QuerySet["Discussion"]):
    def visible_to(self, user: Any) -> Self:
        """Return what that person may see: everything, for everybody who is signed in."""
        return self if user.is_authenticated else self.none()

    def with_authors(self) -> Self:
        return self.select_related("author")

    def with_threads(self, user: Any = None) -> Self:
        """Add what `thread` needs, in the same statement; of a reader also whether they follow it."""
        threads = Thread.objects.filter(content_type_id=targets.kind_of(Discussion), object_id=OuterRef("pk"))
        names = THREAD_NAMES
        rows = self.annotate(**{f"thread_{name}": Subquery(threads.values(name)) for name in names})
        if user is None:
            return rows
        followed = Subscription.objects.standing().filter(user=user, thread=OuterRef("thread_pk"))
        return rows.annotate(is_followed=Exists(followed))


class Discussion(models.Model):
    # Whether the reader of `with_threads` follows it, and what is attached, as the services add it.
    is_followed: bool = False
    files: list[dict[str, Any]] = []

    title = models.CharField(max_length=TITLE_MAX)
    body = models.TextField(max_length=BODY_MAX, help_text="Markdown, as it was written.")
    body_html = models.TextField(editable=False)
    renderer_version = models.PositiveSmallIntegerField(editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    pinned_at = models.DateTimeField(null=True)
    is_pinned = models.GeneratedField(
        expression=ExpressionWrapper(Q(pinned_at__isnull=False), models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    # In this order: what is removed with a discussion is counted down before its counts go.
    reactions = GenericRelation("likes.Reaction")
    reaction_counts = GenericRelation("likes.ReactionCount")
    threads = GenericRelation("comments.Thread")
    tags = GenericRelation("tagging.Item")
    attachments = GenericRelation("quotas.Attachment")

    reaction_families = ("like", "emoji")

    objects = DiscussionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="discussion_has_a_title"),
            models.CheckConstraint(condition=~Q(body=""), name="discussion_has_a_body"),
        ]
        indexes = [
            # The noticeboard: what is pinned, then newest first.
            models.Index(F("is_pinned").desc(), F("created_at").desc(), F("id").desc(), name="discussion_newest"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("comments:discussion", args=[self.pk])

    def may_be_tagged_by(self, user: Any) -> bool:
        return user.is_staff or self.owner_id == user.pk

    @property
    def thread(self) -> Thread | None:
        """What is said about it; None before the first comment. Of a row that came `with_threads`."""
        values = {name: getattr(self, f"thread_{name}") for name in THREAD_NAMES}
        return Thread(object_id=self.pk, **values) if values["pk"] else None

    @property
    def owner_id(self) -> int | None:
        return self.author_id

    @property
    def html(self) -> SafeString:
        """The body as it was rendered and sanitised when it was written."""
        return SafeString(self.body_html)
