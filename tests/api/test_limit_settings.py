"""A limit that would let nobody in stops the start with its name, and not each request."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_limit_that_lets_nobody_in_is_refused(monkeypatch, tmp_path, value):
    monkeypatch.setenv("API_LIMIT_PERSON", value)

    with pytest.raises(ImproperlyConfigured, match="API_LIMIT_PERSON"):
        Environment(tmp_path / "missing.env").number("API_LIMIT_PERSON", 600, least=1)
