"""What hangs on the noticeboard."""

from typing import Any, Self

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from comments.models.subscriptions import Subscription
from comments.models.threads import Thread
from lib import targets
from lib.marks import mark_of

TITLE_MAX = 120
VERDICT_MAX = 200
BODY_MAX = 40_000
# What a page of a discussion needs of its thread.
THREAD_NAMES = ("pk", "comment_count", "locked_at", "premoderated_at")


class DiscussionQuerySet(models.QuerySet["Discussion"]):
    def visible_to(self, user: Any) -> Self:
        """Return what that person may see: what stands, if they are signed in, and of their own what waits."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(state="visible") | Q(state="held", author=user.pk))

    def visible(self) -> Self:
        return self.filter(state=Discussion.State.VISIBLE)

    def undeleted(self) -> Self:
        """Return also what moderators took away or have yet to look at: for them alone."""
        return self.exclude(state="deleted")

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
    class State(models.TextChoices):
        VISIBLE = "visible"
        # Waits for a moderator before anybody else sees it.
        HELD = "held"
        DELETED = "deleted"
        HIDDEN = "hidden"
        REMOVED = "removed"

    # Whether the reader of `with_threads` follows it, and what is attached, as the services add it.
    is_followed: bool = False
    files: list[dict[str, Any]] = []

    title = models.CharField(max_length=TITLE_MAX, blank=True)
    body = models.TextField(max_length=BODY_MAX, blank=True, help_text="Markdown, as it was written.")
    body_html = models.TextField(editable=False)
    renderer_version = models.PositiveSmallIntegerField(editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.VISIBLE, db_default=State.VISIBLE)
    created_at = models.DateTimeField(default=timezone.now)
    # When others could read it first; what is held from the beginning has none.
    published_at = models.DateTimeField(null=True, default=timezone.now, db_default=Now())
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    # Why it was held, hidden or removed.
    verdict = models.CharField(max_length=VERDICT_MAX, blank=True, db_default="")
    # Held without its author being told.
    is_shadowed = models.BooleanField(default=False, db_default=False)
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
            # Of what was deleted a while ago nothing is kept.
            models.CheckConstraint(condition=~Q(title="") | Q(state="deleted"), name="discussion_has_a_title"),
            models.CheckConstraint(condition=~Q(body="") | Q(state="deleted"), name="discussion_has_a_body"),
            models.CheckConstraint(
                condition=Q(state="deleted", deleted_at__isnull=False) | (~Q(state="deleted") & Q(deleted_at=None)),
                name="discussion_deleted_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~Q(verdict="") | ~Q(state__in=["held", "hidden", "removed"]),
                name="discussion_moderated_says_why",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=False) | ~Q(state="visible"), name="discussion_visible_was_published"
            ),
            models.CheckConstraint(
                condition=Q(is_shadowed=False) | Q(state__in=["held", "deleted"]), name="discussion_shadowed_is_held"
            ),
        ]
        indexes = [
            # The noticeboard: what is pinned, then newest first.
            models.Index(F("is_pinned").desc(), F("created_at").desc(), F("id").desc(), name="discussion_newest"),
            # The queue of what waits for a moderator, oldest first.
            models.Index(fields=["id"], name="discussion_held", condition=Q(state="held")),
            # What was deleted and still says something.
            models.Index(fields=["deleted_at"], name="discussion_deleted", condition=Q(state="deleted") & ~Q(body="")),
        ]

    def __str__(self) -> str:
        return self.title or "A deleted discussion"

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
    def is_visible(self) -> bool:
        return self.state == self.State.VISIBLE

    def stands_for(self, reader_id: int | None) -> bool:
        """Tell whether that person can go on with it: everybody with what is visible, its author with what is held."""
        is_own = self.author_id is not None and self.author_id == reader_id
        return self.is_visible or (self.state == self.State.HELD and is_own)

    def shows_files_to(self, user: Any) -> bool:
        """Tell whether that person may see what is attached: who reads the words, and whoever moderates."""
        if Discussion.objects.visible_to(user).filter(pk=self.pk).exists():
            return True
        return bool(user.has_perm("comments.moderate"))

    @property
    def mark(self) -> str:
        """What it says now, as a short mark: a moderator lets pass what they read."""
        return mark_of(self.title, self.body)

    @property
    def html(self) -> SafeString:
        """The body as it was rendered and sanitised when it was written."""
        return SafeString(self.body_html)
