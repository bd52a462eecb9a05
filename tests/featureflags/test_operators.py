"""How conditions compare. What cannot be compared matches neither way."""

import pytest

from featureflags.evaluation import operators


@pytest.mark.parametrize(
    ("operator", "value", "yes", "no", "incomparable"),
    [
        ("equals", "PT", ["PT"], ["pt", 1, True], [["PT"], {}, float("nan")]),
        ("equals", 1, [1, 1.0], [2, True, "1"], [[1]]),
        ("equals", True, [True], [False, 1, "true"], [[]]),
        ("in", ["PT", "ES"], ["ES"], ["FR"], [[]]),
        ("in", [1, "1"], [1, "1"], [2, True], []),
        ("contains", "ell", ["hello", ["ell"]], ["help", ["hello"]], [1, None]),
        ("starts_with", "he", ["hello"], ["oh, hello"], [1]),
        ("ends_with", "@example.org", ["a@example.org"], ["a@example.com"], [1]),
        ("below", 18, [17, 17.9, -5], [18, 19], ["17", True, float("inf")]),
        ("at_most", 18, [18], [18.01], [None]),
        ("above", 18, [19], [18], ["x"]),
        ("at_least", 18, [18], [17], ["x"]),
        ("before", "2026-11-28", ["2026-11-27", "2026-11-27T23:59:59Z", 0], ["2026-11-28"], ["soon", "9999-99-99"]),
        ("not_before", "2026-11-28T14:00+01:00", ["2026-11-28T13:00Z"], ["2026-11-28T12:59Z"], ["", []]),
        ("semver_below", "2.0.0", ["1.9.9", "2.0.0-rc.1", "v1.0.0"], ["2.0.0", "2.0.1"], ["2", 2, "1.02.3"]),
        ("semver_at_least", "1.10.0", ["1.10.0", "1.10.0+build", "1.11.0"], ["1.9.0", "1.10.0-alpha"], ["one"]),
        ("semver_equals", "1.0.0+a", ["1.0.0+b"], ["1.0.0-a"], []),
        ("semver_above", "1.0.0-alpha.2", ["1.0.0-alpha.10", "1.0.0-beta"], ["1.0.0-alpha.1"], []),
        ("semver_at_most", "1.0.0-alpha.1", ["1.0.0-alpha", "1.0.0-1"], ["1.0.0-alpha.beta", "1.0.0"], []),
        ("in_network", ["10.0.0.0/8", "2001:db8::/32"], ["10.1.2.3", "2001:db8::1"], ["11.0.0.1"], ["home", 10]),
        ("matches", r"^[a-z]+@(example\.org)$", ["a@example.org"], ["A@example.org"], [1, "\ud800"]),
    ],
)
def test_an_operator(operator, value, yes, no, incomparable):
    test = operators.build(operator, value).test

    assert [test(each) for each in yes] == [True] * len(yes)
    assert [test(each) for each in no] == [False] * len(no)
    assert [test(each) for each in incomparable] == [None] * len(incomparable)


# The order of Semantic Versioning 2.0.0, section 11.4.
def test_versions_are_in_the_published_order():
    before = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta"]
    after = ["1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"]

    assert sorted(after + before, key=operators.version) == before + after


@pytest.mark.parametrize("text", ["a" * 1001, "x" * 100_000])
def test_text_beyond_the_limit_is_not_compared(text):
    assert operators.build("contains", "a").test(text) is None
    assert operators.build("matches", "a").test(text) is None


def test_a_pattern_that_explodes_elsewhere_is_linear_here():
    test = operators.build("matches", r"^(a+)+$").test

    # A backtracking engine would need 2 to the power of 999 steps.
    assert test("a" * 999 + "!") is False
