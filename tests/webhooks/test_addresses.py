"""What the guard refuses at the form: every spelling of what is not public, each with its reason."""

import contextlib
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks import addresses

# URL -> words of the reason.
REFUSED_URLS = {
    # 127.0.0.1, as programs and people spell it.
    "https://127.0.0.1/": "loopback",
    "https://127.0.0.1:8443/": "loopback",
    "https://127.0.0.1./": "would mean 127.0.0.1",
    "https://127.1/": "would mean 127.0.0.1",
    "https://127.0.1/": "would mean 127.0.0.1",
    "https://2130706433/": "would mean 127.0.0.1",
    "https://0x7f000001/": "would mean 127.0.0.1",
    "https://0X7F000001/": "would mean 127.0.0.1",
    "https://0x7f.0.0.1/": "would mean 127.0.0.1",
    "https://0x7f.1/": "would mean 127.0.0.1",
    "https://0177.0.0.1/": "would mean 127.0.0.1",
    "https://0177.0.0.01/": "would mean 127.0.0.1",
    "https://017700000001/": "would mean 127.0.0.1",
    "https://00000177.0.0.1/": "would mean 127.0.0.1",
    "https://127.0.0.01/": "would mean 127.0.0.1",
    "https://127.000.000.001/": "would mean 127.0.0.1",
    "https://127.0x0.0x0.1/": "would mean 127.0.0.1",
    "https://127.255.255.254/": "loopback",
    "https://１２７.０.０.１/": "would mean 127.0.0.1",
    "https://①②⑦.⓪.⓪.①/": "would mean 127.0.0.1",
    "https://127。0。0。1/": "would mean 127.0.0.1",
    "https://127．0．0．1/": "would mean 127.0.0.1",
    "https://127｡0｡0｡1/": "would mean 127.0.0.1",
    "https://２１３０７０６４３３/": "would mean 127.0.0.1",
    "https://٠x7f000001/": "no host name",
    "https://١٢٧.٠.٠.١/": "no host name",
    "https://[::1]/": "loopback",
    "https://[0:0:0:0:0:0:0:1]/": "loopback",
    "https://[::ffff:127.0.0.1]/": "127.0.0.1 inside",
    "https://[::ffff:7f00:1]/": "127.0.0.1 inside",
    "https://[0:0:0:0:0:ffff:7f00:1]/": "127.0.0.1 inside",
    "https://[::FFFF:7F00:0001]/": "127.0.0.1 inside",
    "https://[::127.0.0.1]/": "IPv4-compatible",
    "https://[::7f00:1]/": "IPv4-compatible",
    "https://[64:ff9b::127.0.0.1]/": "127.0.0.1 inside",
    "https://[64:ff9b::7f00:1]/": "127.0.0.1 inside",
    "https://[64:ff9b:1::7f00:1]/": "NAT64 of a private network",
    "https://[2002:7f00:1::]/": "6to4 for 127.0.0.1",
    "https://[2002:7f00:1::1]/": "6to4 for 127.0.0.1",
    "https://[2001:0:1:1:1:1:80ff:fffe]/": "Teredo for 127.0.0.1",
    "https://[::ffff:0:127.0.0.1]/": "IPv4-translated",
    "https://[2001:4860:4860::5efe:7f00:1]/": "ISATAP for 127.0.0.1",
    "https://[2001:4860:4860::200:5efe:7f00:1]/": "ISATAP for 127.0.0.1",
    "https://localhost/": "full name",
    "https://LOCALHOST/": "full name",
    "https://localhost./": "full name",
    "https://ｌｏｃａｌｈｏｓｔ/": "full name",
    "https://x.localhost/": "private network",
    "https://localhost.localdomain/": "private network",
    # Other addresses of one's own.
    "https://0.0.0.0/": "this network",
    "https://0/": "would mean 0.0.0.0",
    "https://0x/": "would mean 0.0.0.0",
    "https://0.1.2.3/": "this network",
    "https://[::]/": "unspecified",
    "https://10.0.0.1/": "private",
    "https://10.255.255.255/": "private",
    "https://10.1/": "would mean 10.0.0.1",
    "https://167772161/": "would mean 10.0.0.1",
    "https://012.0.0.1/": "would mean 10.0.0.1",
    "https://172.16.0.1/": "private",
    "https://172.31.255.255/": "private",
    "https://192.168.0.1/": "private",
    "https://192.168.257/": "would mean 192.168.1.1",
    "https://3232235777/": "would mean 192.168.1.1",
    "https://[::ffff:192.168.1.1]/": "192.168.1.1 inside",
    "https://[64:ff9b::10.0.0.1]/": "10.0.0.1 inside",
    "https://[2002:c0a8:101::]/": "6to4 for 192.168.1.1",
    "https://[2002:808:808::]/": "6to4 for 8.8.8.8",
    "https://100.64.0.1/": "shared by carriers",
    "https://100.127.255.255/": "shared by carriers",
    "https://100.100.100.200/": "shared by carriers",
    "https://169.254.169.254/": "link-local",
    "https://169.254.170.2/": "link-local",
    "https://2852039166/": "would mean 169.254.169.254",
    "https://0xa9fea9fe/": "would mean 169.254.169.254",
    "https://0251.0376.0251.0376/": "would mean 169.254.169.254",
    "https://[::ffff:169.254.169.254]/": "169.254.169.254 inside",
    "https://[::ffff:a9fe:a9fe]/": "169.254.169.254 inside",
    "https://[64:ff9b::a9fe:a9fe]/": "169.254.169.254 inside",
    "https://[fd00:ec2::254]/": "private",
    "https://[fc00::1]/": "private",
    "https://[fe80::1]/": "link-local",
    "https://[fe80::1%25eth0]/": "zone",
    "https://[fe80::1%eth0]/": "zone",
    "https://[::1%25lo]/": "zone",
    "https://[febf::1]/": "link-local",
    "https://[fec0::1]/": "site-local",
    "https://[feff::1]/": "site-local",
    "https://168.63.129.16/": "cloud",
    "https://192.0.0.1/": "protocols",
    "https://192.0.0.192/": "protocols",
    "https://192.0.2.1/": "documentation",
    "https://198.51.100.7/": "documentation",
    "https://203.0.113.9/": "documentation",
    "https://198.18.0.1/": "measurements",
    "https://198.19.255.255/": "measurements",
    "https://192.88.99.1/": "6to4",
    "https://192.31.196.1/": "AS112",
    "https://192.175.48.1/": "AS112",
    "https://192.52.193.1/": "AMT",
    "https://224.0.0.1/": "multicast",
    "https://239.255.255.250/": "multicast",
    "https://240.0.0.1/": "reserved",
    "https://255.255.255.255/": "reserved",
    "https://4294967295/": "would mean 255.255.255.255",
    "https://[ff02::1]/": "multicast",
    "https://[ff0e::1]/": "multicast",
    "https://[2001:db8::1]/": "documentation",
    "https://[3fff::1]/": "documentation",
    "https://[2001:2::1]/": "protocols",
    "https://[2001:20::1]/": "protocols",
    "https://[2001:10::1]/": "protocols",
    "https://[2620:4f:8000::1]/": "AS112",
    "https://[100::1]/": "discard",
    "https://[5f00::1]/": "segment",
    "https://[4000::1]/": "reserved",
    "https://[200::1]/": "reserved",
    "https://[400::1]/": "reserved",
    # Numbers that are no address at all.
    "https://256.256.256.256/": "four plain numbers",
    "https://1.2.3.4.5/": "four plain numbers",
    "https://4294967296/": "four plain numbers",
    "https://0x100000000/": "four plain numbers",
    "https://999999999999999999999999/": "four plain numbers",
    "https://1.2.3.0x/": "four plain numbers",
    "https://foo.0x7f000001/": "four plain numbers",
    "https://foo.127/": "four plain numbers",
    "https://09.0.0.1/": "four plain numbers",
    # Names of private places.
    "https://intranet/": "full name",
    "https://metadata/": "full name",
    "https://metadata.google.internal/": "private network",
    "https://printer.local/": "private network",
    "https://nas.home.arpa/": "private network",
    "https://1.0.0.127.in-addr.arpa/": "private network",
    "https://hidden.onion/": "private network",
    "https://x.test/": "private network",
    "https://x.invalid/": "private network",
    # Everything else that is no place for a webhook.
    "http://hooks.example.org/": "Use https",
    "HTTP://hooks.example.org/": "Use https",
    "ftp://hooks.example.org/": "begins with https",
    "file:///etc/passwd": "begins with https",
    "gopher://127.0.0.1:6379/_x": "begins with https",
    "javascript:alert(1)": "begins with https",
    "hooks.example.org": "begins with https",
    "//hooks.example.org/": "begins with https",
    "https:hooks.example.org": "begins with https",
    "https:/hooks.example.org": "begins with https",
    "https://": "no host",
    "https:///path": "no host",
    "https://:443/": "no host",
    "https://user@hooks.example.org/": "user name",
    "https://user:pass@hooks.example.org/": "user name",
    "https://hooks.example.org@127.0.0.1/": "user name",
    "https://127.0.0.1@hooks.example.org/": "user name",
    "https://@hooks.example.org/": "user name",
    "https://hooks.example.org:0/": "Port 0",
    "https://hooks.example.org:65536/": "no URL",
    "https://hooks.example.org:-1/": "no URL",
    "https://hooks.example.org:x/": "no URL",
    "https://hooks.example.org:/": "no port",
    "https://hooks.example.org:22/": "another protocol",
    "https://hooks.example.org:25/": "another protocol",
    "https://hooks.example.org:6379/": "another protocol",
    "https://hooks.example.org/#part": "#",
    "https://hooks.example.org#@127.0.0.1/": "#",
    "https://hooks.example.org\\@127.0.0.1/": "backslash",
    "https://127.0.0.1\\.hooks.example.org/": "backslash",
    "https://hooks.example.org/a b": "spaces",
    "https://hooks.example.org/\r\nHost: x": "spaces",
    "https://hooks.exa\tmple.org/": "spaces",
    "https://hooks.example.org/\0": "spaces",
    " https://hooks.example.org/": "spaces",
    "https://hooks.example.org/\ud800": "spaces",
    "https://[::1/": "no URL",
    "https://[hooks.example.org]/": "no",
    "https://[::g]/": "no",
    "https://[v1.x]/": "no",
    "https://[]/": "no",
    "https://hooks..example.org/": "no host name",
    "https://.example.org/": "no host name",
    "https://-.example.org/": "no host name",
    "https://" + "a" * 64 + ".example.org/": "no host name",
    "https://" + "a." * 130 + "org/": "no host name",
    "https://ho%6fks.example.org/": "no host name",
    "https://%31%32%37.0.0.1/": "four plain numbers",
    "https://hooks.example.org%2f.evil.org/": "no host name",
    "https://hooks_1.example.org|x/": "no host name",
    "https://hooks.example.org/" + "x" * 2000: "2000 characters",
    "https://" + "ü" * 300 + ".org/": "no host name",
}
TAKEN = {
    "https://hooks.example.org": "https://hooks.example.org/",
    "https://HOOKS.Example.ORG/Path?q=1": "https://hooks.example.org/Path?q=1",
    "https://hooks.example.org:443/": "https://hooks.example.org/",
    "https://hooks.example.org:8443/x": "https://hooks.example.org:8443/x",
    "https://hooks.example.org./": "https://hooks.example.org/",
    "https://bücher.example.org/": "https://xn--bcher-kva.example.org/",
    "https://xn--bcher-kva.example.org/": "https://xn--bcher-kva.example.org/",
    "https://hooks.example.org/tür?ä=ö": "https://hooks.example.org/t%C3%BCr?%C3%A4=%C3%B6",
    "https://hooks.example.org/a%20b": "https://hooks.example.org/a%20b",
    "https://8.8.8.8/": "https://8.8.8.8/",
    "https://9.9.9.9:8443/x": "https://9.9.9.9:8443/x",
    "https://[2606:4700::1111]/": "https://[2606:4700::1111]/",
    "https://[2606:4700:0:0::1111]:8443/": "https://[2606:4700::1111]:8443/",
    "https://[::ffff:8.8.8.8]/": "https://[::ffff:808:808]/",
    "https://[64:ff9b::8.8.8.8]/": "https://[64:ff9b::808:808]/",
    "https://127.example.org/": "https://127.example.org/",
    "https://0x7f.example.org/": "https://0x7f.example.org/",
}


@pytest.mark.parametrize(("url", "reason"), REFUSED_URLS.items(), ids=[ascii(url)[:60] for url in REFUSED_URLS])
def test_what_is_no_place_for_a_webhook_is_refused_with_its_reason(url, reason):
    with pytest.raises(addresses.Refused) as error:
        addresses.read_url(url)

    assert reason in str(error.value)


@pytest.mark.parametrize(("url", "stored"), TAKEN.items())
def test_a_public_place_is_taken_in_its_one_spelling(url, stored):
    target = addresses.read_url(url)

    assert target.url == stored.replace("[::ffff:808:808]", f"[{ip_address('::ffff:8.8.8.8')}]")
    assert addresses.read_url(target.url) == target


def test_plain_http_is_for_development_only():
    target = addresses.read_url("http://hooks.example.org/", plain_http=True)

    assert (target.scheme, target.port) == ("http", 80)


def test_an_address_that_is_named_may_be_reached_and_no_other():
    allowed = ["127.0.0.1:8161"]

    assert addresses.read_url("https://127.0.0.1:8161/", allowed=allowed).port == 8161
    for url in ("https://127.0.0.1:8162/", "https://127.0.0.2:8161/", "https://[::ffff:127.0.0.1]:8161/"):
        with pytest.raises(addresses.Refused):
            addresses.read_url(url, allowed=allowed)


def test_there_are_many_spellings_in_the_table():
    assert len(REFUSED_URLS) + len(TAKEN) >= 200


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_refused_wherever_python_already_says_that_it_is_not_global(address):
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert addresses.why_refused(address)


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_outside_of_global_unicast_is_refused_unless_it_stands_for_a_public_one(address):
    carries = address in ip_network("::ffff:0:0/96") or address in ip_network("64:ff9b::/96")
    if address not in ip_network("2000::/3") and not carries:
        assert addresses.why_refused(address)


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "64:ff9b::"]))
def test_an_address_in_an_address_is_as_public_as_the_inner_one(inner, outer):
    whole = ip_address(int(ip_address(outer)) + int(inner))

    assert bool(addresses.why_refused(whole)) == bool(addresses.why_refused(inner))


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text):
    for url in (text, f"https://{text}/", f"https://[{text}]/", f"https://hooks.example.org:{text}/"):
        with contextlib.suppress(addresses.Refused):
            target = addresses.read_url(url)
            assert target.url.isascii()
            assert addresses.read_url(target.url) == target
