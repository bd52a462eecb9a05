"""Lists go on where they ended, whatever arrives or leaves meanwhile."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lib import keyset
from sessions_app.models import ApiToken, Session
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(db):
    return factories.user(name="alice")


def open_session(alice, number, at):
    return factories.session(user=alice, token=f"{number:043}", created_at=at)


def walk(rows, *, by, limit, between=lambda: None):
    """Return the ids of every row, page by page."""
    seen, cursor = [], ""
    while True:
        page = keyset.page(rows, by=by, limit=limit, cursor=cursor)
        seen += [row.pk for row in page.items]
        if page.next is None:
            return seen
        cursor = page.next
        between()


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_each_row_is_seen_once_newest_first_also_when_moments_are_the_same(alice, limit):
    now = timezone.now()
    rows = [open_session(alice, number, now - timedelta(microseconds=number // 3)) for number in range(7)]

    seen = walk(Session.objects.all(), by=("created_at", "id"), limit=limit)

    assert seen == [row.pk for row in sorted(rows, key=lambda row: (row.created_at, row.pk), reverse=True)]


def test_rows_that_arrive_meanwhile_move_nothing(alice):
    before = [factories.api_token(user=alice, plain=f"gh_{number}").pk for number in range(6)]
    arriving = iter(range(100, 200))

    seen = walk(
        ApiToken.objects.all(),
        by=("id",),
        limit=2,
        between=lambda: factories.api_token(user=alice, plain=f"gh_{next(arriving)}"),
    )

    assert seen == before[::-1]


def test_the_page_after_a_row_that_is_gone_begins_at_its_place(alice):
    rows = [factories.api_token(user=alice, plain=f"gh_{number}") for number in range(4)]
    first = keyset.page(ApiToken.objects.all(), by=("id",), limit=2)
    rows[2].delete()

    second = keyset.page(ApiToken.objects.all(), by=("id",), limit=2, cursor=first.next)

    assert [row.pk for row in second.items] == [rows[1].pk, rows[0].pk]


def test_a_page_is_one_query(alice, django_assert_num_queries):
    for number in range(4):
        factories.api_token(user=alice, plain=f"gh_{number}")
    first = keyset.page(ApiToken.objects.all(), by=("id",), limit=2)

    with django_assert_num_queries(1):
        keyset.page(ApiToken.objects.all(), by=("id",), limit=2, cursor=first.next)


@pytest.mark.parametrize(
    "change", [lambda c: c[:-1], lambda c: "x" + c, lambda c: "x", lambda c: "\0", lambda c: c * 3]
)
def test_a_cursor_that_was_made_up_is_refused(alice, change):
    for number in range(3):
        factories.api_token(user=alice, plain=f"gh_{number}")
    cursor = keyset.page(ApiToken.objects.all(), by=("id",), limit=1).next

    with pytest.raises(keyset.CursorInvalid):
        keyset.page(ApiToken.objects.all(), by=("id",), limit=1, cursor=change(cursor))


def test_the_cursor_of_another_list_is_refused(alice):
    for number in range(2):
        factories.api_token(user=alice, plain=f"gh_{number}")
    cursor = keyset.page(ApiToken.objects.all(), by=("id",), limit=1).next

    with pytest.raises(keyset.CursorInvalid):
        keyset.page(Session.objects.all(), by=("id",), limit=1, cursor=cursor)
