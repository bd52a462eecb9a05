"""The pages of tags, and a hundred names that nobody should be able to hurt the hall with."""

import json

import pytest

from comments.models import Discussion
from tagging import services
from tagging.models import Tag, TagFollow
from tests import factories

PLAIN = ("c", "c#", "c++", ".net", "net", "node.js", "f#", "objective-c", "x86-64", "3d", "0")
PLAIN += ("l10n", "i18n", "c++11", "a.b.c", "utf-8")
SCRIPTS = ("日本語", "한국어", "العربية", "हिन्दी", "ไทย", "ελληνικά", "русский", "עברית", "தமிழ்", "ქართული")
# What is typed, and which tags it gives; None: refused.
TYPED = {
    **{name: [name] for name in PLAIN},
    **{name: [name] for name in SCRIPTS},
    "C++, c#": ["c#", "c++"],
    "Machine  Learning": ["machine-learning"],
    "machine_learning,machine-learning": ["machine-learning"],
    "__init__": ["init"],
    "-dash-": ["dash"],
    "–en–dash–": ["en-dash"],
    "tab\there": ["tab-here"],
    "line\nbreak": ["break", "line"],
    "Ｆｕｌｌ": ["full"],
    "ﬁle": ["file"],
    "①": ["1"],
    "Ⅷ": ["viii"],
    "1-2": ["1-2"],
    "soft\u00adhyphen": ["softhyphen"],
    "zero\u200bwidth": ["zerowidth"],
    "joined\u200dword": ["joinedword"],
    "bom\ufeff": ["bom"],
    "e\u0301te\u0301": ["été"],
    "İstanbul": ["i̇stanbul"],
    "STRASSE": ["strasse"],
    "x" * 50: ["x" * 50],
    " , ,, ": [],
    "": [],
    "a,": ["a"],
    "a,A,a ": ["a"],
    "a，b": ["a", "b"],
    "null": ["null"],
    "None": ["none"],
    "true": ["true"],
    "undefined": ["undefined"],
    "new": ["new"],
    "admin": ["admin"],
    "..": None,
    ".": None,
    "-": None,
    "---": None,
    "+": None,
    "++": None,
    "#": None,
    "##": None,
    "_": None,
    "x" * 51: None,
    "ﷺ" * 4: None,
    "😀": None,
    "👩‍🚀": None,
    "🇫🇷": None,
    "a😀": None,
    "❤️": None,
    "<b>": None,
    "<script>alert(1)</script>": None,
    '"><img src=x onerror=alert(1)>': None,
    "javascript:alert(1)": None,
    "' OR 1=1 --": None,
    "'; DROP TABLE tagging_tag; --": None,
    "a'b": None,
    'a"b': None,
    "a`b": None,
    "a\\b": None,
    "a/b": None,
    "../../etc/passwd": None,
    "a?b": None,
    "a&b": None,
    "a=b": None,
    "50%": None,
    "%00": None,
    "%s": None,
    "{{ request }}": None,
    "{% now %}": None,
    "${jndi:ldap://x}": None,
    "$(id)": None,
    "a|b": None,
    "a;b": None,
    "a:b": None,
    "a*": None,
    "a@b.c": None,
    "a!": None,
    "(a)": None,
    "[a]": None,
    "a~b": None,
    "a^b": None,
    "a\0b": None,
    "a\x07b": None,
    "a\x1bb": None,
    "a\u202eb": None,
    "\u2066a\u2069": None,
    "\u0301": None,
    "\u0301a": None,
    "z" + "\u0335" * 9: None,
    "a\ue000": None,
    "a\uffff": None,
    "a\U000e0041": None,
    "раypal": None,
    "gооgle": None,
    "аpple": None,
    "αpple": None,
    "micrоsoft": None,
    "€": None,
    "→": None,
    "∞": None,
    ",".join(f"t{number}" for number in range(11)): None,
    ",".join(f"t{number}" for number in range(200)): None,
    ",".join(f"t{number}" for number in range(10)): sorted(f"t{number}" for number in range(10)),
}


def test_the_table_is_long_enough():
    assert len(TYPED) >= 100
    assert sum(found is None for found in TYPED.values()) >= 50


@pytest.mark.parametrize(("typed", "found"), TYPED.items(), ids=lambda value: ascii(value)[:30])
def test_whatever_is_typed_is_given_or_refused_and_kept(at_alice, typed, found):
    response = at_alice.post("/discussions/new", {"title": "Bread", "body": "Flour.", "tags": typed})

    if found is None:
        form = response.context["form"]
        assert response.status_code == 422
        assert list(form.errors) == ["tags"]
        assert form["tags"].value() == typed
        assert not Discussion.objects.exists()
        assert not Tag.objects.exists()
    else:
        thing = Discussion.objects.get()
        assert response["Location"] == thing.get_absolute_url()
        assert [tag.name for tag in services.tags_of(things=[thing])[thing.pk]] == sorted(found)
        page = at_alice.get(thing.get_absolute_url())
        assert all(at_alice.get(tag.get_absolute_url()).status_code == 200 for tag in page.context["tags"])


def test_too_much_text_is_refused(at_alice):
    response = at_alice.post("/discussions/new", {"title": "x", "body": "x", "tags": "t," * 10_001})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["tags"]


def test_the_owner_changes_the_tags_and_others_may_not(at_alice, client, bob, bread, tagged):
    theirs = factories.discussion(by=bob)

    done = at_alice.post(f"/tagged/comments.discussion/{bread.pk}", {"tags": "flour, C++"})
    refused = at_alice.post(f"/tagged/comments.discussion/{theirs.pk}", {"tags": "flour"})

    assert done["Location"] == bread.get_absolute_url()
    assert 'value="C++, flour"' in at_alice.get(f"/tagged/comments.discussion/{bread.pk}").content.decode()
    assert refused.status_code == 403
    assert "operators" in refused.content.decode()


@pytest.mark.parametrize("target", ["comments.discussion/99", "sessions_app.user/1", "x.y/1", "comments.discussion/0"])
def test_what_is_not_there_or_takes_no_tags_is_not_there(at_alice, target):
    assert at_alice.get(f"/tagged/{target}").status_code == 404


def test_several_tags_are_in_one_address(at_alice, tagged):
    both = tagged("C++", "python")
    tagged("python")

    page = at_alice.get("/tags/c+++python")

    assert page.context["page"].things == [both]
    assert page.context["count"] == 1


@pytest.mark.parametrize(
    ("address", "leads"),
    [("/tags/Python", "/tags/python"), ("/tags/py?not=c", "/tags/python?not=c"), ("/tags/py+c", "/tags/python+c")],
)
def test_a_synonym_or_another_case_leads_to_the_tag(at_alice, alice, tagged, address, leads):
    tagged("python", "c")
    services.add_synonym(tag_id=Tag.objects.get(name="python").pk, name="py", by=alice, reason="x")

    assert at_alice.get(address)["Location"] == leads


@pytest.mark.parametrize(
    "path", ["nothing", "%00", "+", "a" * 3000, "x+y+z", "%F0%9F%98%80", "<b>", "+".join("x" * 99)]
)
def test_an_unknown_tag_is_not_there(at_alice, tagged, path):
    tagged("python")

    assert at_alice.get(f"/tags/{path}").status_code == 404 or path == "%00"


def test_any_and_none_stand_in_the_query(at_alice, tagged):
    tagged("a", "b", title="ab")
    tagged("a", "c", title="ac")
    tagged("a", title="a")

    def found(query):
        return [str(thing) for thing in at_alice.get(f"/tags/a?{query}").context["page"].things]

    assert found("any=b+c") == ["ac", "ab"]
    assert found("not=b") == ["a", "ac"]
    assert at_alice.get("/tags/a?any=nothing").status_code == 404
    assert at_alice.get("/tags/a?cursor=x").status_code == 400


def test_pages_of_a_tag_cost_the_same_whatever_is_there(at_alice, tagged, django_assert_num_queries):
    for number in range(25):
        tagged("a", f"t{number}", title=str(number))
    at_alice.get("/tags/a")

    with django_assert_num_queries(15):
        first = at_alice.get("/tags/a")
    second = at_alice.get(f"/tags/a?{first.context['older']}")

    found = [str(thing) for page in (first, second) for thing in page.context["page"].things]
    assert found == [str(number) for number in reversed(range(25))]


def test_a_tag_is_followed_muted_and_neither(at_alice, alice, tagged):
    tagged("c++")
    kinds = []
    for kind in ("follow", "mute", "none", "x"):
        at_alice.post("/tags/c++/follow", {"kind": kind})
        kinds.append(list(TagFollow.objects.values_list("kind", flat=True)))

    assert kinds == [["follow"], ["mute"], [], []]
    assert at_alice.post("/tags/c++/follow", {"kind": "x"}).status_code == 400
    assert at_alice.post("/tags/nothing/follow", {"kind": "mute"}).status_code == 404


def test_what_is_followed_stands_together_without_what_is_muted(at_alice, alice, tagged):
    tagged("a", "c", title="muted")
    tagged("b", title="b")
    tagged("a", title="a")
    for name, kind in (("a", "follow"), ("b", "follow"), ("c", "mute")):
        services.follow_tag(tag=services.read_tags(names=[name])[0], kind=kind, by=alice)

    page = at_alice.get("/tags-followed")

    assert [str(thing) for thing in page.context["page"].things] == ["a", "b"]


@pytest.mark.parametrize("typed", ["javasc", "\ud800", "x" * 5000, "<b>", "%", "'", ""])
def test_suggestions_are_json_whatever_is_typed(at_alice, tagged, typed):
    tagged("javascript")

    response = at_alice.get("/tags-suggested", {"q": typed.encode("utf-8", "surrogatepass")})

    assert response.status_code == 200
    items = json.loads(response.content)["items"]
    assert [item["label"] for item in items] == (["javascript"] if typed == "javasc" else [])


def test_the_list_shows_what_is_used(at_alice, tagged):
    tagged("c++").delete()
    tagged("python")

    assert [tag.name for tag in at_alice.get("/tags").context["tags"]] == ["python"]
