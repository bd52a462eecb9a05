"""A comment as HTML, joined from strings: a page holds two hundred, and a template would take most of its time.

Everything that a person wrote is escaped here, or was sanitised when it was rendered.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

from django.template import Template
from django.urls import reverse
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from comments.models import Comment
from comments.services.reading import Node, Sort

GONE = "somebody who left"
NUMBER = "999999999"
FIELD = "idempotency_key"


@cache
def _ago() -> Template:
    return Template("{% load preferences %}{% ago at %}")


@cache
def _attachments() -> Template:
    return Template("{% load quotas %}{% attachments files %}")


@dataclass(frozen=True, slots=True)
class Desk:
    """What all comments of one page share; `context` is the page's."""

    context: Any
    owner_id: int | None
    reader_id: int | None
    token: str
    is_locked: bool
    sort: Sort
    base: str
    ago: Template

    @classmethod
    def of(cls, context: Any) -> "Desk":
        thing, thread = context.get("thing"), context.get("thread")
        return cls(
            context=context,
            owner_id=getattr(thing, "owner_id", None),
            reader_id=context["request"].user.pk,
            token=str(context.get("csrf_token")),
            is_locked=bool(thread and thread.locked_at),
            sort=context["sort"],
            base=reverse("comments:comment", args=[int(NUMBER)]).removesuffix(NUMBER),
            ago=_ago(),
        )

    def branch(self, node: Node) -> str:
        """Return a comment with what stands below it on this page."""
        pk = node.comment.pk
        below = "".join([self.branch(reply) for reply in node.replies]) + self.left_out(node)
        return (
            f'<li class="comment" id="comment-{pk}">{self.said(node.comment)}'
            f'<div class="comment-answer" id="reply-{pk}"></div>'
            f'<ol class="comment-replies" id="replies-{pk}">{below}</ol></li>'
        )

    def said(self, comment: Comment) -> str:
        """Return one comment by itself: who, when, what, and the acts."""
        if not comment.stands_for(self.reader_id):
            return (
                '<article class="comment-said comment-gone"><span class="avatar" aria-hidden="true">–</span>'
                f'<p class="comment-words">{escape(comment.epitaph)}</p></article>'
            )
        author = comment.author
        name = escape(str(author)) if author else GONE
        initials = escape(author.initials) if author else "–"
        url = f"{self.base}{comment.pk}"
        marks = " · author" if author and author.pk == self.owner_id else ""
        if comment.edited_at:
            marks += f' · <a href="{url}/history">edited</a>'
        return (
            f'<article class="comment-said" aria-label="Comment by {name}">'
            f'<span class="avatar" aria-hidden="true">{initials}</span><div class="comment-words">'
            f'<p class="comment-by"><strong>{name}</strong> · '
            f'<a href="{url}">{self._ago(comment)}</a>{marks}</p>'
            f'<div class="prose">{comment.body_html}</div>{self._files(comment)}'
            f'<div class="comment-acts">{self.votes(comment)}{self._acts(comment, url)}</div></div></article>'
        )

    def _files(self, comment: Comment) -> str:
        if not comment.files:
            return ""
        with self.context.push(files=comment.files):
            return str(_attachments().render(self.context))

    def _ago(self, comment: Comment) -> str:
        with self.context.push(at=comment.created_at):
            return str(self.ago.render(self.context))

    def _acts(self, comment: Comment, url: str) -> str:
        if self.is_locked:
            return ""
        target = f'hx-target="#reply-{comment.pk}"'
        acts = (
            f'<a class="comment-act" href="{url}/reply" hx-get="{url}/reply" {target}>Reply</a>'
            f'<a class="comment-act" href="{url}/reply?quote=1" hx-get="{url}/reply?quote=1" {target}>Quote</a>'
        )
        if comment.author_id != self.reader_id:
            return f'{acts}<a class="comment-act" href="{url}/report">Report</a>'
        return (
            f'{acts}<a class="comment-act" href="{url}/edit">Edit</a>'
            f'<form method="post" action="{url}/deletion" hx-post="{url}/deletion" hx-target="closest article"'
            f' hx-swap="outerHTML">{self._hidden()}'
            '<button type="submit" class="comment-act">Delete</button></form>'
        )

    def votes(self, comment: Comment, refusal: str = "") -> str:
        """Return both votes in one form; the answer to a press takes its place."""
        url = f"{self.base}{comment.pk}/vote"
        off = " disabled" if comment.author_id == self.reader_id else ""
        up, down = (_way(comment, *way, off) for way in (("up", "Up", "▲"), ("down", "Down", "▼")))
        told = f'<span class="vote-told" role="alert">{escape(refusal)}</span>' if refusal else ""
        return (
            f'<form class="vote" method="post" action="{url}" hx-post="{url}" hx-target="this" hx-swap="outerHTML">'
            f'{self._hidden()}{up}<span class="vote-sum" title="{comment.ups} up, {comment.downs} down">'
            f"{comment.top}</span>{down}{told}</form>"
        )

    def _hidden(self) -> str:
        return (
            f'<input type="hidden" name="csrfmiddlewaretoken" value="{self.token}">'
            f'<input type="hidden" name="{FIELD}" value="{uuid4()}">'
        )

    def left_out(self, node: Node) -> str:
        """Return the way to the replies that are not on this page, with how many they are."""
        if not node.left_out:
            return ""
        query = {"sort": self.sort.slug} | ({"cursor": node.cursor} if node.cursor else {})
        url = escape(f"{self.base}{node.comment.pk}/replies?{urlencode(query)}")
        count = f"{node.left_out:,}"
        if not node.cursor:
            return f'<li class="comment-more"><a href="{url}">Continue this thread ({count})</a></li>'
        word = "reply" if node.left_out == 1 else "replies"
        swap = 'hx-target="closest li" hx-swap="outerHTML"'
        return f'<li class="comment-more"><a href="{url}" hx-get="{url}" {swap}>{count} more {word}</a></li>'


def _way(comment: Comment, kind: str, word: str, sign: str, off: str) -> str:
    mine = getattr(comment, "my_vote", None) == kind
    return (
        f'<button type="submit" class="vote-way" name="vote" value="{"none" if mine else kind}"'
        f' aria-pressed="{"true" if mine else "false"}" aria-label="{word}"{off}>{sign}</button>'
    )


def safe(html: str) -> SafeString:
    """Say that a string of this module is HTML of ours."""
    return SafeString(html)
