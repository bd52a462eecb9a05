"""Amounts as people read them, and what other pages show of files."""

from typing import Any

from django import template
from django.db import models

from quotas.models import Attachment
from quotas.wording import in_bytes, shown

register = template.Library()
register.filter("in_bytes", in_bytes)


@register.filter
def amount_of(amount: int, resource: str) -> str:
    return shown(resource, amount)


@register.inclusion_tag("quotas/_attachments.html")
def attachments(target: models.Model) -> dict[str, Any]:
    """List the files that are attached to something."""
    return {"attachments": list(Attachment.objects.of(target))}
