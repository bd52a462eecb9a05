"""What is said, as a tree, and what it said before."""

from typing import Any, Self

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import ExpressionWrapper, F, Func, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from comments.models.discussions import TITLE_MAX, VERDICT_MAX, Discussion
from comments.models.threads import Thread
from lib import targets
from lib.marks import mark_of

COMMENT_MAX = 40_000
DEPTH_MAX = 8


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: Any) -> Self:
        """Keep what stands on things that this person may see, and is visible, or is a tombstone with replies."""
        return self.filter(on_visible_threads(user)).filter(Q(is_shown=True) | self.shadowed_of(user))

    @staticmethod
    def shadowed_of(user: Any) -> Q:
        """Say which comments of a limited person others do not see, and that person does."""
        # Somebody without a key is nobody, and not the author of what has none any more.
        return Q(is_shadowed=True, state="held", author=user.pk or 0)

    def visible(self) -> Self:
        return self.filter(state=Comment.State.VISIBLE)


def on_visible_threads(user: Any) -> Q:
    return Q(thread__in=Thread.objects.filter(targets.on_visible_things(Thread, user)))


class Comment(models.Model):
    class State(models.TextChoices):
        VISIBLE = "visible"
        # Waits for a moderator before anybody else sees it.
        HELD = "held"
        # The same, because its thread is one in which moderators look at everything first.
        PENDING = "pending"
        DELETED = "deleted"
        HIDDEN = "hidden"
        REMOVED = "removed"

    thread = models.ForeignKey(Thread, models.CASCADE, related_name="+", db_index=False)
    # Kept by the foreign key over the whole path; the column is what a page of replies looks for.
    parent = models.ForeignKey(
        "self", models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    path = ArrayField(models.BigIntegerField())
    depth = models.GeneratedField(
        expression=Func(F("path"), function="cardinality"), output_field=models.IntegerField(), db_persist=True
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.VISIBLE)
    body = models.TextField(max_length=COMMENT_MAX, help_text="Markdown, as it was written.")
    body_html = models.TextField(editable=False)
    renderer_version = models.PositiveSmallIntegerField(editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    # When others could read it first; what waits for a moderator has none, and nobody is told of it.
    published_at = models.DateTimeField(null=True)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    # Why it was held, hidden or removed: its author reads it, and of the latter two everybody.
    verdict = models.CharField(max_length=VERDICT_MAX, blank=True)
    # Held without its author being told: their own pages show it in its place.
    is_shadowed = models.BooleanField(default=False, db_default=False)
    # Visible comments right below, and anywhere below.
    reply_count = models.IntegerField(default=0)
    branch_count = models.IntegerField(default=0)
    ups = models.IntegerField(default=0)
    downs = models.IntegerField(default=0)
    # Stored, so that a page reads them in order; comments/scores.py says what they mean.
    top = models.GeneratedField(expression=F("ups") - F("downs"), output_field=models.IntegerField(), db_persist=True)
    best = models.GeneratedField(
        expression=Func(F("ups"), F("downs"), function="comments_best"),
        output_field=models.FloatField(),
        db_persist=True,
    )
    controversial = models.GeneratedField(
        expression=Func(F("ups"), F("downs"), function="comments_controversial"),
        output_field=models.FloatField(),
        db_persist=True,
    )
    hot = models.GeneratedField(
        expression=Func(F("ups"), F("downs"), F("created_at"), function="comments_hot"),
        output_field=models.FloatField(),
        db_persist=True,
    )
    is_shown = models.GeneratedField(
        expression=ExpressionWrapper(Q(state="visible") | Q(branch_count__gt=0), models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    reactions = GenericRelation("likes.Reaction")
    reaction_counts = GenericRelation("likes.ReactionCount")
    attachments = GenericRelation("quotas.Attachment")

    reaction_families = ("vote",)
    # What is attached, as the services add it.
    files: list[dict[str, Any]] = []

    objects = CommentQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also the index that orders a thread depth-first.
            models.UniqueConstraint(fields=["thread", "path"], name="comment_path_once_in_a_thread"),
            models.CheckConstraint(
                condition=Q(reply_count__gte=0, branch_count__gte=F("reply_count")),
                name="comment_counts_are_never_below_zero",
            ),
            models.CheckConstraint(condition=Q(ups__gte=0, downs__gte=0), name="comment_votes_are_never_below_zero"),
            models.CheckConstraint(
                condition=Q(state="deleted") | Q(deleted_at=None), name="comment_deleted_has_its_moment"
            ),
            models.CheckConstraint(condition=~Q(body="") | ~Q(state="visible"), name="comment_visible_says_something"),
            models.CheckConstraint(
                condition=Q(published_at__isnull=False) | ~Q(state="visible"), name="comment_visible_was_published"
            ),
            models.CheckConstraint(
                condition=~Q(verdict="") | ~Q(state__in=["held", "hidden", "removed"]),
                name="comment_moderated_says_why",
            ),
            models.CheckConstraint(
                condition=Q(is_shadowed=False) | Q(state__in=["held", "deleted"]), name="comment_shadowed_is_held"
            ),
        ]
        indexes = [
            # The first level of a thread, best first, and as it was written.
            models.Index(
                "thread",
                F("best").desc(),
                F("id").desc(),
                name="comment_best",
                condition=Q(parent=None, is_shown=True),
            ),
            models.Index("thread", "created_at", "id", name="comment_written", condition=Q(parent=None, is_shown=True)),
            # The replies of a comment; also those that must be gone before it goes, so all of them.
            models.Index("parent", "id", name="comment_replies", condition=Q(parent__isnull=False)),
            # The queues of what waits for a moderator, oldest first.
            models.Index(fields=["id"], name="comment_held", condition=Q(state="held")),
            models.Index(fields=["id"], name="comment_pending", condition=Q(state="pending")),
            # What a limited person alone sees of a thread.
            models.Index("author", "thread", name="comment_shadowed", condition=Q(is_shadowed=True)),
            # What is new in a thread that somebody follows.
            models.Index("thread", "published_at", name="comment_published", condition=Q(state="visible")),
            # What a person wrote, newest first, and what stays behind when they leave.
            models.Index("author", F("created_at").desc(), name="comment_of_person"),
        ]

        permissions = [("moderate", "Can moderate what people say")]

    def __str__(self) -> str:
        return f"comment {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("comments:comment", args=[self.pk])

    @property
    def owner_id(self) -> int | None:
        return self.author_id

    @property
    def is_visible(self) -> bool:
        return self.state == self.State.VISIBLE

    def stands_for(self, reader_id: int | None) -> bool:
        """Tell whether that person sees it as said: everybody what is visible, a limited author also their own."""
        shadowed = self.is_shadowed and self.state == self.State.HELD
        return self.is_visible or (shadowed and self.author_id is not None and self.author_id == reader_id)

    def shows_files_to(self, user: Any) -> bool:
        """Tell whether that person may see what is attached: who reads the words, and whoever moderates."""
        if self.stands_for(user.pk) and Comment.objects.visible_to(user).filter(pk=self.pk).exists():
            return True
        return bool(user.has_perm("comments.moderate"))

    @property
    def mark(self) -> str:
        """What it says now, as a short mark: a moderator lets pass what they read."""
        return mark_of(self.body)

    @property
    def epitaph(self) -> str:
        """What a tombstone says."""
        told = {
            self.State.HIDDEN: f"Hidden by a moderator: {self.verdict}",
            self.State.REMOVED: f"Removed by a moderator: {self.verdict}",
            self.State.PENDING: "Waits for a moderator",
            self.State.HELD: "Waits for a moderator",
        }
        return told.get(self.State(self.state), "Deleted by its author")

    @property
    def html(self) -> SafeString:
        """The body as it was rendered and sanitised when it was written."""
        return SafeString(self.body_html)


class Revision(models.Model):
    """What a comment or a discussion said before it was edited, after the time in which it may be edited freely."""

    comment = models.ForeignKey(Comment, models.CASCADE, null=True, related_name="+")
    discussion = models.ForeignKey(Discussion, models.CASCADE, null=True, related_name="+")
    title = models.CharField(max_length=TITLE_MAX, blank=True, db_default="")
    body = models.TextField()
    body_html = models.TextField()
    replaced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(discussion=None, comment__isnull=False) | Q(discussion__isnull=False, comment=None),
                name="revision_is_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"revision {self.pk}"

    @property
    def html(self) -> SafeString:
        return SafeString(self.body_html)
