"""The hidden field that makes a double click and a re-submit of a form harmless."""

import uuid

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from idempotency.requests import FIELD

register = template.Library()


@register.simple_tag
def idempotency_key() -> SafeString:
    """Return a hidden field with a new key: one for each time that the form is shown."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, uuid.uuid4())
