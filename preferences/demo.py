"""How the people of the demo hall like it to look, where they have said so."""

from lib import demo
from lib.demo import Scene
from preferences import themes
from preferences.models import DevicePreference, Mode, Preference
from sessions_app import services as sessions
from sessions_app.models import Device, User

CHOSE = 0.6


def furnish(scene: Scene) -> dict[str, int]:
    """Give most people a theme, a clock and a first day of the week, and one screen a mode of its own.

    The five of the stories have not chosen yet: who signs in as one of them sees what their own system asks for.
    """
    leads = [demo.address(name) for name in demo.LEADS]
    people = User.objects.filter(email__endswith=f"@{demo.DOMAIN}").exclude(email__in=leads).order_by("pk")
    # Who signed in before this part came along may have chosen already.
    chosen = set(Preference.objects.filter(user__in=people).values_list("user_id", flat=True))
    choosers = [user for user in people if scene.random.random() < CHOSE and user.pk not in chosen]
    rows = [_preference(scene, user) for user in choosers]
    Preference.objects.bulk_create(rows)
    screens = Device.objects.filter(user__in=choosers).order_by("-pk")[:1]
    DevicePreference.objects.bulk_create(
        [DevicePreference(device=device, mode=Mode.DARK) for device in screens], ignore_conflicts=True
    )
    for user in choosers:
        sessions.note_profile_change(user_id=user.pk)
    return {"preferences": len(rows)}


def _preference(scene: Scene, user: User) -> Preference:
    random = scene.random
    changed_at = max(user.joined_at, scene.ago(days=random.uniform(1, 60)))
    return Preference(
        user=user,
        mode=random.choice(themes.MODES),
        light_theme=random.choice(("paper", "paper", "contrast")),
        dark_theme=random.choice(themes.DARK_THEMES),
        motion=random.choice(("system", "system", "reduced")),
        clock=random.choice(("24", "24", "12")),
        week_start=random.choice((1, 1, 6, 7)),
        theme_chosen_at=changed_at,
        version=1,
        changed_at=changed_at,
    )
