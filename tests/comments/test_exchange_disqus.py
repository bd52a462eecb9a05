"""An export of Disqus becomes discussions and comments, and nothing that it holds does harm (invariants 1, 4 and 5)."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError

from comments.models import Comment, Discussion
from tests.comments.test_exchange import taken_in, written

DISQUS = """<?xml version="1.0" encoding="utf-8"?>
<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">
  <category dsq:id="1"><forum>hall</forum><title>General</title><isDefault>true</isDefault></category>
  <thread dsq:id="10">
    <id>/bread/</id><forum>hall</forum><category dsq:id="1"/><link>https://blog.example.org/bread/</link>
    <title>Bread</title><message/><createdAt>2019-03-01T10:00:00Z</createdAt>
    <author><name>Ada</name><isAnonymous>false</isAnonymous><username>ada</username></author>
    <isClosed>true</isClosed><isDeleted>false</isDeleted>
  </thread>
  <post dsq:id="102">
    <id/><message><![CDATA[<p>And <b>rye</b>, from <a href="https://mill.example.org">the mill</a>?</p>]]></message>
    <createdAt>2019-03-01T12:00:00Z</createdAt><isDeleted>false</isDeleted><isSpam>false</isSpam>
    <author><name>Bob</name><isAnonymous>true</isAnonymous></author>
    <thread dsq:id="10"/><parent dsq:id="101"/>
  </post>
  <post dsq:id="101">
    <id/><message><![CDATA[<p>I do.</p><script>alert(1)</script>]]></message>
    <createdAt>2019-03-01T11:00:00Z</createdAt><isDeleted>false</isDeleted><isSpam>false</isSpam>
    <author><name>Carol</name><username>carol</username></author><thread dsq:id="10"/>
  </post>
  <post dsq:id="103">
    <id/><message><![CDATA[<p>Gone.</p>]]></message>
    <createdAt>2019-03-01T13:00:00Z</createdAt><isDeleted>true</isDeleted><isSpam>false</isSpam>
    <author><name>Bob</name></author><thread dsq:id="10"/>
  </post>
  <post dsq:id="104">
    <id/><message><![CDATA[<p>Buy pills</p>]]></message>
    <createdAt>2019-03-01T14:00:00Z</createdAt><isDeleted>true</isDeleted><isSpam>true</isSpam>
    <author><name>Spam</name></author><thread dsq:id="10"/>
  </post>
</disqus>
"""


def test_an_export_of_disqus_comes_in_with_its_tree_its_times_and_its_tombstones(db, tmp_path):
    path = written(tmp_path, DISQUS, name="export.xml")

    said, _ = taken_in(path)

    bread = Discussion.objects.with_threads().get()
    rows = {row.created_at.hour: row for row in Comment.objects.order_by("created_at")}
    assert said == "discussions=1 comments=4 there=0 refused=0"
    assert (bread.title, bread.body, bool(bread.thread_locked_at)) == (
        "Bread",
        "<https://blog.example.org/bread/>",
        True,
    )
    assert [rows[hour].state for hour in (11, 12, 13, 14)] == ["visible", "visible", "deleted", "removed"]
    assert (rows[12].parent_id, rows[12].depth, rows[11].reply_count) == (rows[11].pk, 2, 1)
    assert rows[12].body == "And **rye**, from [the mill](https://mill.example.org)?"
    assert "<strong>rye</strong>" in rows[12].body_html
    assert "script" not in rows[11].body_html
    assert (rows[13].body, rows[14].verdict) == ("", "Spam where it was said first")
    assert rows[11].published_at == datetime(2019, 3, 1, 11, tzinfo=UTC)


BOMB = '<!DOCTYPE d [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda xml: xml.replace("<disqus ", BOMB + "<disqus "), "it declares types or entities"),
        (lambda xml: xml[:900], "The XML cannot be read"),
        (lambda xml: xml.replace("<title>", "<title>&nope;", 1), "The XML cannot be read"),
        (lambda xml: xml.replace("http://disqus.com", "http://other.example"), "does not begin with <disqus>"),
    ],
)
def test_xml_that_is_broken_or_a_bomb_is_said_in_one_line(db, tmp_path, change, why):
    with pytest.raises(CommandError, match=why):
        taken_in(written(tmp_path, change(DISQUS), name="export.xml"))

    assert not Comment.objects.exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda xml: xml.replace("2019-03-01T12:00:00Z", "soon"), "post 102: `createdAt` is no moment"),
        (lambda xml: xml.replace('<thread dsq:id="10"/><parent', "<parent"), "post 102: A post names its thread."),
        (lambda xml: xml.replace('parent dsq:id="101"', 'parent dsq:id="999"'), "post 102: What it hangs on is not"),
        (lambda xml: xml.replace("And <b>", "<div>" * 3000 + "And <b>"), "post 102: Its HTML is nested too deeply."),
        (lambda xml: xml.replace("And <b>", "x" * 40_000 + " <b>"), "post 102: `body` has"),
    ],
)
def test_a_post_of_disqus_that_cannot_be_taken_in_is_named(db, tmp_path, change, why):
    said, faults = taken_in(written(tmp_path, change(DISQUS), name="export.xml"))

    assert said.endswith("comments=3 there=0 refused=1")
    assert any(fault.startswith(why) for fault in faults)
