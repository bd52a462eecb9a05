"""The people of the demo hall, and what signing in for weeks left behind of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission

from lib import demo
from lib.demo import Scene
from sessions_app import limits
from sessions_app.models import ApiToken, Device, SecurityEvent, Session, User
from sessions_app.services import TOKEN_PREFIX, subject_hash

Kind = SecurityEvent.Kind
Reason = Session.Reason

# Name, zone, and for how many days they have been here.
PEOPLE = (
    ("Alice Moreau", "Europe/Paris", 410),
    ("Bob Okonkwo", "Europe/London", 365),
    ("Carol Lindqvist", "Europe/Stockholm", 290),
    ("Mallory Vance", "", 120),
    ("Olga Petrenko", "Europe/Kyiv", 420),
    ("Henrik Aalto", "Europe/Helsinki", 415),
    ("Amara Diallo", "Africa/Dakar", 388),
    ("Benedikt Huber", "Europe/Vienna", 371),
    ("Chiara Fontana", "Europe/Rome", 350),
    ("Dmitri Sokolov", "", 333),
    ("Eszter Nagy", "Europe/Budapest", 310),
    ("Farid Haddad", "Africa/Algiers", 301),
    ("Grace Mbeki", "Africa/Johannesburg", 288),
    ("Hana Kobayashi", "Asia/Tokyo", 270),
    ("Ines Carvalho", "Europe/Lisbon", 251),
    ("Jonas Weber", "Europe/Berlin", 244),
    ("Kavita Rao", "Asia/Kolkata", 230),
    ("Liam Byrne", "Europe/Dublin", 201),
    ("Mei Tanaka-Schmidt", "Europe/Berlin", 190),
    ("Noor van den Berg", "Europe/Amsterdam", 177),
    ("Oisín Ó Briain", "Europe/Dublin", 160),
    ("Priya Nair", "", 141),
    ("Quentin Lefèvre", "Europe/Brussels", 133),
    ("Rosa Jiménez", "America/Mexico_City", 118),
    ("Søren Dahl", "Europe/Copenhagen", 97),
    ("Tomasz Wójcik", "Europe/Warsaw", 80),
    ("Ursula Brandt", "Europe/Zurich", 64),
    ("Viktor Horvat", "Europe/Zagreb", 51),
    ("Wanjiru Kamau", "Africa/Nairobi", 44),
    ("Ximena Torres", "America/Bogota", 30),
    ("Pim Verbeek", "Europe/Amsterdam", 95),
    ("Zofia Malik", "", 1),
)
OPERATOR = "olga"
# Looks at everything of the people's, and changes nothing.
FRONT_DESK = "henrik"
CLOSED = "pim"
UNCONFIRMED = "zofia"

BROWSERS = (
    "Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
    " Edg/140.0.0.0",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
)
TOKENS = (
    ("alice", "Door display", ["read"], None),
    ("alice", "Calendar on the kitchen tablet", ["read"], 200),
    ("bob", "Home automation", ["read", "write"], 60),
    ("olga", "Nightly report", ["read"], 300),
    ("jonas", "Laser cutter's lamp", ["read"], None),
    ("kavita", "Spreadsheet of the workshop", ["read", "write"], 12),
)
WEEKS = 6
DAY = timedelta(days=1)


@dataclass(slots=True)
class Left:
    """The rows that were left behind, to be written in one go for each table."""

    sessions: list[Session] = field(default_factory=list)
    events: list[SecurityEvent] = field(default_factory=list)


def furnish(scene: Scene) -> dict[str, int]:
    """Write the people, their devices, sessions, tokens and logs."""
    people = _people(scene)
    left = Left()
    devices = {name: _devices(scene, user) for name, user in people.items() if name != UNCONFIRMED}
    for name, theirs in devices.items():
        home = f"100.{64 + scene.random.randrange(64)}"
        _live(scene, left, people[name], theirs, home)
    newcomer = people[UNCONFIRMED]
    left.events.append(_event(Kind.SIGNED_UP, newcomer, newcomer.joined_at, {"user_agent": BROWSERS[2]}))
    _guess(scene, left, people, devices["mallory"][0])
    _close(scene, left, people)
    tokens = _tokens(scene, left, people)
    for user in people.values():
        moments = [event.at for event in left.events if event.user == user and event.kind == Kind.SIGNED_IN]
        user.last_login = max(moments, default=None)
    User.objects.bulk_update(people.values(), ["last_login"])
    Session.objects.bulk_create(sorted(left.sessions, key=lambda row: row.created_at))
    # The log is read by its key, newest first.
    SecurityEvent.objects.bulk_create(sorted(left.events, key=lambda row: row.at))
    return {
        "people": len(people),
        "devices": sum(map(len, devices.values())),
        "sessions": len(left.sessions),
        "events": len(left.events),
        "tokens": len(tokens),
    }


def _people(scene: Scene) -> dict[str, User]:
    # Once for all of them: the hash is slow on purpose.
    password = make_password(scene.password)
    people = {}
    for display_name, zone, days in PEOPLE:
        name = _first(display_name)
        people[name] = User(
            email=demo.address(name),
            display_name=display_name,
            time_zone=zone,
            password=password,
            is_staff=name in (OPERATOR, FRONT_DESK),
            is_superuser=name == OPERATOR,
            is_active=name != CLOSED,
            joined_at=scene.ago(days=days, minutes=scene.random.randrange(600)),
        )
    User.objects.bulk_create(people.values())
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, primary=True, verified=name != UNCONFIRMED)
        for name, user in people.items()
    )
    people[FRONT_DESK].user_permissions.set(
        Permission.objects.filter(content_type__app_label="sessions_app", codename__startswith="view_")
    )
    return people


def _first(display_name: str) -> str:
    return display_name.split()[0].lower().replace("í", "i").replace("ø", "o")


def _devices(scene: Scene, user: User) -> list[Device]:
    """Return the browsers of a person, the first as old as the account; Alice's newest is of yesterday."""
    agents = scene.random.sample(BROWSERS, scene.random.choice((1, 2, 2, 3)))
    moments = [user.joined_at, *(_between(scene, user.joined_at, scene.ago(days=3)) for _ in agents[1:])]
    if user.email == demo.address("alice"):
        agents = [*BROWSERS[1:4]]
        moments = [user.joined_at, _between(scene, user.joined_at, scene.ago(days=30)), scene.ago(hours=26)]
    return Device.objects.bulk_create(
        Device(
            user=user,
            token_hash=scene.random.randbytes(32),
            user_agent=agent,
            first_seen_at=moment,
            last_seen_at=moment,
        )
        for agent, moment in zip(agents, sorted(moments), strict=True)
    )


def _live(scene: Scene, left: Left, user: User, devices: list[Device], home: str) -> None:
    """Let a person sign up, and sign in and out on each device for weeks; each device's last visit goes on."""
    for index, device in enumerate(devices):
        address = f"{home}.{scene.random.randrange(256)}.{scene.random.randrange(1, 255)}"
        client = {"address": address, "user_agent": device.user_agent}
        since = max(device.first_seen_at, scene.ago(weeks=WEEKS))
        days = max(1, (scene.now - since).days)
        times = min(days, scene.random.randint(3, 9))
        visits = sorted(_awake(since, _between(scene, since, scene.ago(hours=3))) for _ in range(times))
        visits = [device.first_seen_at, *visits]
        if index == 0:
            left.events.append(_event(Kind.SIGNED_UP, user, visits[0] - timedelta(minutes=4), client))
        for visit, following in pairwise([*visits, scene.now]):
            _visit(scene, left, user, device, visit, following, client)
        if index:
            left.events.append(_event(Kind.NEW_DEVICE, user, visits[0] + timedelta(seconds=1), client))
        device.last_seen_at = visits[-1]
    Device.objects.bulk_update(devices, ["last_seen_at"])


def _visit(
    scene: Scene, left: Left, user: User, device: Device, at: datetime, following: datetime, client: dict[str, str]
) -> None:
    if scene.random.random() < 0.12:
        left.events.append(_event(Kind.SIGN_IN_FAILED, user, at - timedelta(seconds=25), client))
    left.events.append(_event(Kind.SIGNED_IN, user, at, client))
    if following < scene.now and scene.random.random() < 0.8:
        left.events.append(_event(Kind.SIGNED_OUT, user, _between(scene, at, min(following, at + DAY)), client))
        return
    last_seen = _between(scene, at, min(following, at + 2 * DAY))
    remembered = not user.is_staff and scene.random.random() < 0.8
    idle, absolute = limits.expiries(
        staff=user.is_staff,
        seconds=settings.SESSION_COOKIE_AGE if remembered else None,
        fixed=None,
        created_at=at,
        now=last_seen,
    )
    session = Session(
        # The digest of no token that anybody holds.
        token_hash=scene.random.randbytes(32),
        user=user,
        device=device,
        created_at=at,
        last_seen_at=last_seen,
        idle_expires_at=idle,
        absolute_expires_at=absolute,
        remembered=remembered,
        authenticated_at=at,
        authenticated_by="password",
        **client,
    )
    left.sessions.append(session)
    if following < min(scene.now, idle):
        session.revoked_at, session.revoked_by, session.revoked_because = following, user, Reason.PERSON
        note = f"{session.label}: {Reason.PERSON}"
        left.events.append(_event(Kind.SESSION_ENDED, user, following, client, by=user, note=note))


def _guess(scene: Scene, left: Left, people: dict[str, User], device: Device) -> None:
    """Let Mallory try Alice's password, and somebody the address of nobody."""
    client = {"address": "100.99.14.3", "user_agent": device.user_agent}
    night = scene.ago(days=9)
    for second in (0, 14, 40):
        left.events.append(_event(Kind.SIGN_IN_FAILED, people["alice"], night + timedelta(seconds=second), client))
    stranger = _event(Kind.SIGN_IN_FAILED, None, night + timedelta(hours=1), client)
    stranger.subject_hash = subject_hash(email=demo.address("admin"))
    left.events.append(stranger)


def _close(scene: Scene, left: Left, people: dict[str, User]) -> None:
    """Let the operator close one account, with what that ends."""
    at, user, operator = scene.ago(days=2), people[CLOSED], people[OPERATOR]
    left.events = [event for event in left.events if event.user != user or event.at < at]
    left.sessions = [session for session in left.sessions if session.user != user or session.created_at < at]
    for session in left.sessions:
        if session.user == user and session.revoked_at is None and session.idle_expires_at > at:
            session.last_seen_at = min(session.last_seen_at, at)
            session.revoked_at, session.revoked_by, session.revoked_because = at, operator, Reason.DEACTIVATED
    left.events.append(_event(Kind.DEACTIVATED, user, at, {}, by=operator))


def _tokens(scene: Scene, left: Left, people: dict[str, User]) -> list[ApiToken]:
    tokens = []
    for name, title, scopes, days in TOKENS:
        made_at = scene.ago(days=scene.random.randint(3, 25))
        hint = TOKEN_PREFIX + scene.random.randbytes(3).hex()
        tokens.append(
            ApiToken(
                user=people[name],
                name=title,
                token_hash=scene.random.randbytes(32),
                hint=hint,
                scopes=scopes,
                created_at=made_at,
                expires_at=scene.now + timedelta(days=days) if days else None,
                last_used_at=scene.ago(minutes=scene.random.randint(2, 3000)),
            )
        )
        client = {"address": "10.20.0.8", "user_agent": BROWSERS[1]}
        left.events.append(_event(Kind.TOKEN_CREATED, people[name], made_at, client, by=people[name], note=title))
    return ApiToken.objects.bulk_create(tokens)


def _event(
    kind: SecurityEvent.Kind,
    user: User | None,
    at: datetime,
    client: dict[str, str],
    *,
    by: User | None = None,
    note: str = "",
) -> SecurityEvent:
    failed = kind == Kind.SIGN_IN_FAILED and user is not None
    digest = subject_hash(email=user.email) if failed and user else None
    return SecurityEvent(kind=kind, user=user, at=at, by=by, note=note, subject_hash=digest, **client)


def _between(scene: Scene, start: datetime, end: datetime) -> datetime:
    return start + (end - start) * scene.random.random()


def _awake(since: datetime, moment: datetime) -> datetime:
    """Move a moment of the small hours to the evening before."""
    return max(since, moment - timedelta(hours=8)) if moment.hour < 6 else moment
