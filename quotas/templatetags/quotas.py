"""Amounts as people read them, and what other pages show of files."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from quotas import attached
from quotas.wording import in_bytes, shown

register = template.Library()
register.filter("in_bytes", in_bytes)


@register.filter
def amount_of(amount: int, resource: str) -> str:
    return shown(resource, amount)


@register.simple_tag
def attachments(files: list[dict[str, Any]]) -> SafeString:
    """List the files that are attached to something, as its statement told of them."""
    return attached.as_list(files)
