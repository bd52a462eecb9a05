"""What moderators of the demo hall have before them, and what they did: so that no queue and no log is empty."""

from collections.abc import Iterator
from datetime import timedelta

from comments import rendering
from comments.demo_talk import draw_keys
from comments.models import Act, Appeal, Comment, Discussion, Limit, Mute, Report, Revision, Thread
from lib import demo
from lib.demo import Scene
from quotas.models import Attachment, StoredFile
from sessions_app.models import User

Kind = Act.Kind

# Said by somebody new, and held by itself.
HELD = (
    (
        "Cheap filament, straight from the factory: https://filament.example/hall",
        "It has a link, and its author is new",
    ),
    ("I wrote about this at length: https://blog.example/kilns", "It has a link, and its author is new"),
)
HELD_DISCUSSION = (
    "Ten per cent on kiln shelves, this week only",
    "We sell to halls like yours. Everything is at https://shelves.example, write to me for the list.",
    "It has a link, and its author is new",
)
REPORTS = (
    (Report.Reason.RUDE, "Third time this week"),
    (Report.Reason.TOPIC, ""),
    (Report.Reason.SPAM, "The same under every discussion"),
    (Report.Reason.OTHER, "That is my telephone number"),
)
APPEAL = "I quoted what was said to me. Please read the comment above mine."


def keep_order(scene: Scene, discussions: list[Discussion], people: list[User]) -> dict[str, int]:
    """Report, hold, hide, warn, mute, limit and pin; returns how many acts and reports there are."""
    moderator = User.objects.get(email=demo.address("olga"))
    others = [user for user in people if user.email not in {demo.address(name) for name in demo.LEADS}]
    said = _said(discussions, others)
    acts = [
        *_pin(scene, next(each for each in discussions if each.title.startswith("Keys")), moderator),
        *_hide(scene, *next(said), moderator),
        *_curb(scene, said, moderator),
    ]
    for number, (reason, note) in enumerate(REPORTS):
        row, _ = next(said)
        reporter = scene.random.choice([user for user in others if user.pk != row.author_id])
        at = scene.ago(hours=20 - 5 * number)
        Report.objects.create(comment=row, reporter=reporter, reason=reason, note=note, created_at=at)
    _hold(scene, discussions, others)
    _hold_discussion(scene, others)
    _reword(scene, next(each for each in discussions if "\n" in each.body))
    _attach(discussions)
    return {"held": len(HELD), "held_discussions": 1, "acts": len(acts), "reports": len(REPORTS)}


def _said(discussions: list[Discussion], people: list[User]) -> Iterator[tuple[Comment, User]]:
    """Yield comments of these people, the oldest first, each of another person."""
    left = {person.pk: person for person in people}
    threads = [thread.pk for discussion in discussions for thread in Thread.objects.on(discussion)]
    for row in Comment.objects.filter(thread__in=threads).order_by("pk"):
        author = left.pop(row.author_id or 0, None)
        if author is not None:
            yield row, author


def _act(scene: Scene, kind: str, reason: str, by: User, row: Comment, *, days: float) -> Act:
    about = {"thread_id": row.thread_id, "comment": row, "person_id": row.author_id}
    return Act.objects.create(**about, kind=kind, reason=reason, by=by, created_at=scene.ago(days=days))


def _pin(scene: Scene, discussion: Discussion, by: User) -> list[Act]:
    at = scene.ago(days=1)
    Discussion.objects.filter(pk=discussion.pk).update(pinned_at=at)
    thread = Thread.objects.on(discussion).get()
    return [Act.objects.create(thread=thread, kind=Kind.PIN, reason="Everybody should read it", by=by, created_at=at)]


def _hide(scene: Scene, row: Comment, author: User, by: User) -> list[Act]:
    act = _act(scene, Kind.HIDE, "Rude", by, row, days=3)
    Comment.objects.filter(pk=row.pk).update(state=Comment.State.HIDDEN, verdict="Rude")
    Appeal.objects.create(act=act, by=author, text=APPEAL, created_at=scene.ago(days=2))
    return [act]


def _curb(scene: Scene, said: Iterator[tuple[Comment, User]], by: User) -> list[Act]:
    acts = [_act(scene, Kind.WARN, "Be kind", by, next(said)[0], days=6)]
    for kind, model, reason in ((Kind.MUTE, Mute, "Advertises"), (Kind.LIMIT, Limit, "Baits others")):
        row, author = next(said)
        act = _act(scene, kind, reason, by, row, days=2)
        until = act.created_at + timedelta(days=7)
        model.objects.create(user=author, until_at=until, reason=reason, act=act)
        acts.append(act)
    return acts


def _hold(scene: Scene, discussions: list[Discussion], people: list[User]) -> None:
    for key, (body, verdict) in zip(draw_keys(len(HELD)), HELD, strict=True):
        Comment.objects.create(
            pk=key,
            thread=Thread.objects.on(scene.random.choice(discussions)).get(),
            path=[key],
            author=scene.random.choice(people),
            state=Comment.State.HELD,
            verdict=verdict,
            body=body,
            body_html=rendering.render(body),
            renderer_version=rendering.VERSION,
            created_at=scene.ago(hours=scene.random.uniform(1, 12)),
        )


def _hold_discussion(scene: Scene, people: list[User]) -> None:
    title, body, verdict = HELD_DISCUSSION
    row = Discussion.objects.create(
        title=title,
        body=body,
        body_html=rendering.render(body),
        renderer_version=rendering.VERSION,
        author=scene.random.choice(people),
        state=Discussion.State.HELD,
        verdict=verdict,
        created_at=scene.ago(hours=3),
        published_at=None,
    )
    Thread.objects.create(thing=row)


def _reword(scene: Scene, discussion: Discussion) -> None:
    """Let a discussion say that it said less before."""
    first = discussion.body.split("\n")[0]
    at = discussion.created_at + timedelta(hours=5)
    before = {"title": discussion.title, "body": first, "body_html": rendering.render(first)}
    Revision.objects.create(discussion=discussion, **before, replaced_at=at)
    Discussion.objects.filter(pk=discussion.pk).update(edited_at=at)


def _attach(discussions: list[Discussion]) -> None:
    """Attach a picture to each discussion whose author has one."""
    for discussion in discussions:
        pictures = StoredFile.objects.live().filter(owner=discussion.author_id, name__endswith=".png")
        file = pictures.order_by("pk").first() if discussion.author_id else None
        if file is not None:
            Attachment.objects.create(file=file, target=discussion, by=file.owner, created_at=discussion.created_at)
