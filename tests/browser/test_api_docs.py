"""The API's page in a real browser: in each theme and width, and without scripts."""

import pytest


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_fits_and_axe_finds_nothing(new_context, axe, scheme, width):
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))

    page.goto("/api/docs")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Before axe, whose own styles the policy of the page refuses.
    assert complaints == []
    assert axe(page) == []


def test_the_page_opens_its_examples_without_scripts(new_context):
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/api/docs#show_me")
    answer = page.locator("#show_me details", has_text="401")

    answer.locator("summary").click()

    assert answer.locator("pre").is_visible()
