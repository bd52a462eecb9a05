"""The same million taggings for each side: 300,000 things, 50,000 tags, drawn by a Zipf curve."""

import itertools
import random
from datetime import UTC
from typing import Any

from django.conf import settings
from django.db import connection

from bench.rounds import percentiles, timings

TAGS = 50_000
THINGS = 300_000
# Stack Overflow's most used tag has about a thirtieth of all taggings, and so has this curve's.
EXPONENT = 0.85
SYLLABLES = ("ja", "va", "script", "py", "thon", "re", "act", "no", "de", "sql", "ser", "ver", "an", "gu", "lar", "ma")
SYLLABLES += (
    "chine",
    "learn",
    "ing",
    "da",
    "ta",
    "frame",
    "work",
    "an",
    "droid",
    "swi",
    "ft",
    "ker",
    "nel",
    "bo",
    "ot",
)
state: dict[str, Any] = {}


def names() -> list[str]:
    dice = random.Random(7)
    found: dict[str, None] = {}
    while len(found) < TAGS:
        words = [
            "".join(dice.choices(SYLLABLES, k=dice.choice((1, 2, 2, 3)))) for _ in range(dice.choice((1, 1, 2, 3)))
        ]
        found["-".join(words)[:50].rstrip("-")] = None
    return list(found)


def rows() -> list[tuple[int, int]]:
    """Return (thing, tag), each once, both counted from 1."""
    dice = random.Random(8)
    weights = list(itertools.accumulate((rank + 1) ** -EXPONENT for rank in range(TAGS)))
    sizes = dice.choices((1, 2, 3, 4, 5), weights=(1, 2, 3, 3, 3), k=THINGS)
    draws = iter(dice.choices(range(1, TAGS + 1), cum_weights=weights, k=sum(sizes)))
    return [(thing, tag) for thing, size in enumerate(sizes, 1) for tag in {next(draws) for _ in range(size)}]


def _copy(statement: str, lines: Any) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for line in lines:
            copy.write_row(line)


def begin_ours() -> None:
    from sessions_app.models import User
    from tagging import services

    user = User.objects.create(email="a@example.org", display_name="A")
    state["user"] = user
    for start in range(0, TAGS, 5000):
        lines = ["name,count,aliases", *(f"{name},0," for name in names()[start : start + 5000])]
        services.import_tags(lines=lines)
    with connection.cursor() as cursor:
        # The keys must be the ranks.
        cursor.execute("SELECT id, name FROM tagging_tag")
        keys = {name: pk for pk, name in cursor.fetchall()}
        cursor.execute("SELECT id FROM django_content_type WHERE model = 'discussion'")
        (kind,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO comments_discussion (id, title, body, body_html, renderer_version, author_id, created_at)"
            " SELECT n, 'No. ' || n, 'x', 'x', 1, %s, timestamptz '2020-01-01' + n * interval '1 minute'"
            " FROM generate_series(1, %s) AS n",
            [user.pk, THINGS],
        )
        cursor.execute(
            "INSERT INTO tagging_item (id, content_type_id, object_id, at, tag_ids)"
            " SELECT id, %s, id, created_at, '{}' FROM comments_discussion",
            [kind],
        )
        cursor.execute("SET session_replication_role = replica")
    order = [keys[name] for name in names()]
    state["order"] = order
    _copy(
        "COPY tagging_tagging (item_id, tag_id, source, created_at) FROM STDIN",
        ((thing, order[tag - 1], "import", "2026-01-01") for thing, tag in rows()),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tagging_item i SET tag_ids = n.ids FROM (SELECT item_id, array_agg(tag_id ORDER BY tag_id) AS ids"
            " FROM tagging_tagging GROUP BY item_id) AS n WHERE n.item_id = i.id"
        )
        cursor.execute(
            "UPDATE tagging_tag t SET usage_count = n.n FROM (SELECT tag_id, count(*) AS n FROM tagging_tagging"
            " GROUP BY tag_id) AS n WHERE n.tag_id = t.id"
        )
        cursor.execute("SET session_replication_role = origin")
        for table in (
            "tagging_item",
            "tagging_tagging",
            "tagging_tag",
            "tagging_slips",
            "tagging_beginning",
            "comments_discussion",
        ):
            cursor.execute(f"VACUUM ANALYZE {table}")
    services.refresh_shortlists()


def begin_taggit() -> None:
    from bench.sides.labelled.models import Article

    with connection.schema_editor() as editor:
        editor.create_model(Article)
    _copy("COPY labelled_article (id, title) FROM STDIN", ((n, f"No. {n}") for n in range(1, THINGS + 1)))
    _copy("COPY taggit_tag (id, name, slug) FROM STDIN", ((n, name, name) for n, name in enumerate(names(), 1)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM django_content_type WHERE app_label = 'labelled'")
        found = cursor.fetchone()
    if found is None:
        from django.contrib.contenttypes.models import ContentType

        found = (ContentType.objects.get_for_model(Article).pk,)
    _copy(
        "COPY taggit_taggeditem (object_id, content_type_id, tag_id) FROM STDIN",
        ((thing, found[0], tag) for thing, tag in rows()),
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX plain_by_tag ON taggit_taggeditem (tag_id, object_id DESC)")
        cursor.execute("SELECT setval('taggit_taggeditem_id_seq', (SELECT max(id) FROM taggit_taggeditem))")
        for table in ("labelled_article", "taggit_tag", "taggit_taggeditem"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def questions() -> list[list[int]]:
    """Return ranks of tags that stand together: half of the most popular, half of whatever things carry."""
    dice = random.Random(9)
    popular = [list(pair) for pair in itertools.combinations(range(1, 9), 2)]
    popular += [list(three) for three in itertools.combinations(range(1, 6), 3)]
    carried: dict[int, list[int]] = {}
    for thing, tag in rows():
        carried.setdefault(thing, []).append(tag)
    several = [tags for tags in carried.values() if len(tags) >= 2]
    return popular + [sorted(tags)[: dice.choice((2, 2, 3, 4))] for tags in dice.sample(several, 60)]


def ask(*, deep: bool) -> dict[str, float]:
    """Measure the newest twenty of each question, or twenty from far down its list."""
    asked = state.setdefault("questions", questions())
    look = _ours if "tagging" in settings.INSTALLED_APPS else _taggit
    return _spread([look(tags, deep) for tags in asked for _ in range(3)])


def ask_plainly(*, deep: bool) -> dict[str, float]:
    asked = state.setdefault("questions", questions())
    return _spread([_joins(tags, deep) for tags in asked for _ in range(3)])


def _spread(seconds: list[float]) -> dict[str, float]:
    return percentiles(seconds, per="ms")


def _ours(tags: list[int], deep: bool) -> float:
    import time
    from datetime import datetime

    from django.core import signing

    from tagging import services
    from tagging.models import Tag

    order = state["order"]
    wanted = services.Wanted(list(Tag.objects.filter(pk__in=[order[tag - 1] for tag in tags])))
    middle = datetime(2020, 4, 14, tzinfo=UTC).isoformat()
    cursor = signing.dumps([middle, THINGS // 2], salt="tagging.finding") if deep else ""
    start = time.perf_counter()
    services.find(wanted=wanted, user=state["user"], cursor=cursor)
    return time.perf_counter() - start


def _taggit(tags: list[int], deep: bool) -> float:
    import time

    from bench.sides.labelled.models import Article

    start = time.perf_counter()
    found = Article.objects.filter(id__lt=THINGS // 2) if deep else Article.objects.all()
    for tag in tags:
        found = found.filter(tags=tag)
    list(found.distinct().order_by("-id")[:20])
    return time.perf_counter() - start


def _joins(tags: list[int], deep: bool) -> float:
    import time

    joins = " ".join(
        f"JOIN taggit_taggeditem t{n} ON t{n}.object_id = a.id AND t{n}.tag_id = {tag}" for n, tag in enumerate(tags)
    )
    where = f"WHERE a.id < {THINGS // 2}" if deep else ""
    start = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT a.* FROM labelled_article a {joins} {where} ORDER BY a.id DESC LIMIT 20")
        cursor.fetchall()
    return time.perf_counter() - start


def prefixes() -> list[str]:
    """Return three thousand texts of one to six letters, as popular as the tags that they begin."""
    dice = random.Random(10)
    weights = list(itertools.accumulate((rank + 1) ** -EXPONENT for rank in range(TAGS)))
    chosen = dice.choices(names(), cum_weights=weights, k=3000)
    return [name[: dice.randint(1, 6)] for name in chosen]


def complete() -> dict[str, float]:
    """Measure what the database needs for each text."""
    texts = iter(state.setdefault("prefixes", prefixes()) * 2)
    if "tagging" in settings.INSTALLED_APPS:
        from tagging import services

        return timings(lambda: services.suggest(text=next(texts)), times=3000, per="ms")
    from taggit.models import Tag

    return timings(lambda: list(Tag.objects.filter(name__istartswith=next(texts))[:10]), times=3000, per="ms")


def complete_slips() -> dict[str, float]:
    from tagging import services

    dice = random.Random(11)
    slips = []
    for name in dice.sample([name for name in names() if len(name) > 7], 500):
        at = dice.randint(1, 5)
        slips.append(name[:at] + name[at + 1 : 8])
    texts = iter(slips)
    return timings(lambda: services.suggest(text=next(texts)), times=500, per="ms")


def complete_over_http() -> dict[str, float]:
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(state["user"])
    assert client.get("/tags-suggested", {"q": "ja"}).status_code == 200
    texts = iter(state.setdefault("prefixes", prefixes()) * 2)
    return timings(lambda: client.get("/tags-suggested", {"q": next(texts)}), times=1000, per="ms")


def save() -> dict[str, float]:
    """Measure giving five tags that exist to a thing that had five others."""
    dice = random.Random(12)
    things = iter(dice.sample(range(1, THINGS), 300))
    every = names()

    if "tagging" in settings.INSTALLED_APPS:
        from comments.models import Discussion
        from tagging import services

        def give() -> None:
            thing = Discussion(pk=next(things))
            services.set_tags(thing=thing, names=dice.sample(every, 5), by=state["user"])

        return timings(give, times=200, per="ms")
    from bench.sides.labelled.models import Article

    def give_taggit() -> None:
        Article(pk=next(things)).tags.set(dice.sample(every, 5))

    return timings(give_taggit, times=200, per="ms")


def plans() -> str:
    """Return how Postgres finds the most popular pair, both ways."""
    pair = state["order"][:2]
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN (ANALYZE, BUFFERS) WITH found AS MATERIALIZED (SELECT at, id FROM tagging_item"
            " WHERE tag_ids @> %s::bigint[]) SELECT * FROM found ORDER BY at DESC, id DESC LIMIT 21",
            [pair],
        )
        return "\n".join(row[0] for row in cursor.fetchall())
