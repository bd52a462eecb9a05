"""Attached files as HTML: what the statement of a page told of them, as `AttachmentQuerySet.listed` has it."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from quotas.wording import in_bytes


def as_list(files: Iterable[dict[str, Any]]) -> SafeString:
    """Return a list of pictures and links; nothing without files."""
    rows = [(_one(file),) for file in files]
    if not rows:
        return SafeString()
    return format_html('<ul class="attached">{}</ul>', format_html_join("", "<li>{}</li>", rows))


def _one(file: dict[str, Any]) -> SafeString:
    url = reverse("quotas:attachment", args=[file["id"]])
    if file["has_picture"]:
        return format_html(
            '<a class="attached-picture" href="{}?shown=1"><img src="{}picture/" alt="{}" loading="lazy"></a>',
            *(url, url, file["name"]),
        )
    return format_html(
        '<a class="attached-file" href="{}"><bdi>{}</bdi></a> <span class="muted small numbers">{}</span>',
        *(url, file["name"], in_bytes(file["size"])),
    )
