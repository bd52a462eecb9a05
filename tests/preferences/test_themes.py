"""What a cookie may say, and whose choice wins. Invariant 2."""

from hypothesis import given
from hypothesis import strategies as st

from preferences import themes
from preferences.themes import DEFAULT, Cookie, Theme

any_theme = st.builds(
    Theme,
    st.sampled_from(themes.MODES),
    st.sampled_from(themes.LIGHT_THEMES),
    st.sampled_from(themes.DARK_THEMES),
    st.sampled_from(themes.MOTIONS),
)
any_cookie = st.builds(Cookie, any_theme, st.sampled_from([themes.CHOSEN, themes.MIRRORED]))


@given(any_cookie)
def test_a_cookie_of_ours_says_what_was_put_into_it(cookie):
    assert themes.read_cookie(cookie.pack()) == cookie


@given(st.text(max_size=200))
def test_any_other_text_says_nothing_or_a_theme_that_exists(text):
    cookie = themes.read_cookie(text)

    assert cookie is None or (themes.is_theme(cookie.theme) and cookie.pack() == text)


@given(any_cookie, st.integers(0, 40), st.characters())
def test_a_cookie_with_one_character_changed_is_refused_or_another_valid_one(cookie, place, character):
    packed = cookie.pack()
    place %= len(packed)

    read = themes.read_cookie(packed[:place] + character + packed[place + 1 :])

    assert read is None or themes.is_theme(read.theme)


@given(any_theme, any_theme)
def test_the_account_beats_the_cookie(account, cookie):
    assert themes.resolve(account=account, override=None, cookie=cookie) == account


@given(any_theme, st.sampled_from(themes.MODES))
def test_the_device_beats_the_account_in_mode_only(account, override):
    assert themes.resolve(account=account, override=override, cookie=None) == account._replace(mode=override)


def test_nobody_chose_anything():
    assert themes.resolve(account=None, override=None, cookie=None) == DEFAULT
    assert DEFAULT.mode == "system"
