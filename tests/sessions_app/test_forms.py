"""Whatever is typed into the forms of people and preferences, they say what is wrong and never fail."""

from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from preferences import forms as preference_forms
from sessions_app import forms as session_forms

# NUL and lone surrogates among them.
ODD = st.sampled_from(["\0", "\ud800", "9" * 400, "-0", "NaN", "٣"])
TEXT = st.text(st.characters(exclude_categories=()), max_size=200) | ODD
FORMS = [
    form
    for module in (session_forms, preference_forms)
    for form in vars(module).values()
    if isinstance(form, type) and hasattr(form, "base_fields") and form.__module__ == module.__name__
]


def test_there_are_forms_of_both():
    assert {form.__module__ for form in FORMS} == {"sessions_app.forms", "preferences.forms"}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_form_takes_anything_and_never_fails(form, data):
    values = {name: data.draw(st.lists(TEXT, max_size=3)) for name in form.base_fields}
    as_typed = QueryDict(mutable=True)
    for name, texts in values.items():
        as_typed.setlist(name, texts)
    as_sent = QueryDict(urlencode(values, doseq=True, errors="surrogatepass"))

    filled, arrived = form(as_typed), form(as_sent)

    assert filled.is_valid() is not bool(filled.errors)
    assert arrived.is_valid() is not bool(arrived.errors)
    # What came over the wire and passed can be stored.
    assert not any("\0" in str(value) for value in arrived.cleaned_data.values())
    assert not any("\ud800" <= letter <= "\udfff" for value in arrived.cleaned_data.values() for letter in str(value))
