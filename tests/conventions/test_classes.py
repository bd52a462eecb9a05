"""A class in a template is one that a style sheet knows; a slip in its name would show nowhere but on the page."""

import re
from pathlib import Path

from django.conf import settings

TEMPLATES = settings.BASE_DIR / "templates"
# The admin's pages wear Django's classes, and mails carry their style with them.
DRESSED_ELSEWHERE = {"admin", "email"}
TAGS = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
CLASSES = re.compile(r'\bclass="([^"]*)"')


def known_classes() -> set[str]:
    sheets = (settings.BASE_DIR / "static" / "css").rglob("*.css")
    return {name for sheet in sheets for name in re.findall(r"\.([a-z][\w-]*)", sheet.read_text())}


def used_classes(template: str) -> set[str]:
    """Return the whole class names in a template's text; one that a tag completes is not known here."""
    text = TAGS.sub("{}", template)
    return {name for value in CLASSES.findall(text) for name in value.split() if "{}" not in name}


def test_each_class_of_a_template_is_in_a_style_sheet():
    known = known_classes()

    slips = {
        f"{path.relative_to(TEMPLATES)}: {name}"
        for path in Path(TEMPLATES).rglob("*.html")
        if not DRESSED_ELSEWHERE & set(path.relative_to(TEMPLATES).parts)
        for name in used_classes(path.read_text()) - known
    }

    assert slips == set()


def test_a_slip_is_seen():
    found = used_classes('<p class="list-nmae {% if old %}chip{% endif %} chip-{{ tone }}">')

    assert found - known_classes() == {"list-nmae"}
