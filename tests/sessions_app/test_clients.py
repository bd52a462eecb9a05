"""What is read out of addresses and user agents."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app import clients
from tests.sessions_app.conftest import CHROME, FIREFOX

SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
PROXY = [ip_network("10.0.0.0/8")]


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        (FIREFOX, "Firefox on Android"),
        (CHROME, "Chrome on Linux"),
        (SAFARI, "Safari on iOS"),
        ("", "Unknown browser"),
        ("\N{SNOWMAN} nonsense", "Unknown browser"),
    ],
)
def test_a_user_agent_gets_a_readable_name(user_agent, label):
    assert clients.label(user_agent) == label


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("81.2.69.142", "81.2.0.0/16"),
        ("2001:4860:4860::8888", "2001:4860::/32"),
        ("192.168.1.4", "local network"),
        ("127.0.0.1", "this machine"),
        (None, "unknown place"),
    ],
)
def test_a_place_is_a_range_and_no_address(address, place):
    assert clients.place(address) == place


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("81.2.69.142", "", "81.2.69.142"),
        ("81.2.69.142", "9.9.9.9", "81.2.69.142"),
        ("10.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("10.0.0.1", "1.1.1.1, 9.9.9.9", "9.9.9.9"),
        ("10.0.0.1", "1.1.1.1, 9.9.9.9, 10.0.0.2", "9.9.9.9"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "9.9.9.9, nonsense", "10.0.0.1"),
        ("", "", None),
    ],
)
def test_a_clients_own_word_about_its_address_is_not_believed(peer, forwarded, address):
    assert clients.client_address(peer, forwarded, PROXY) == address


@given(st.text(), st.text())
def test_any_header_gives_an_address_that_postgres_can_store_or_none(peer, forwarded):
    address = clients.client_address(peer, forwarded, PROXY)

    assert address is None or clients.place(address)


@given(st.text(max_size=2000))
def test_any_user_agent_becomes_text_that_postgres_can_store(raw):
    cleaned = clients.clean_user_agent(raw)

    assert len(cleaned) <= clients.USER_AGENT_MAX
    assert "\0" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert clients.label(cleaned)
