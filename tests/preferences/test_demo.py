"""How the people of the demo hall like it to look."""

import pytest

from config.models import DemoPart
from lib import demo
from preferences.models import Preference
from sessions_app.models import User
from tests.demo import seed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def demo_mode(settings):
    settings.DEMO = True


def test_people_differ_in_what_they_chose():
    seed()

    assert len(Preference.objects.values_list("mode", "light_theme", "dark_theme").distinct()) > 4
    assert 0 < Preference.objects.count() < User.objects.count()


def test_a_person_who_chose_before_the_part_came_along_keeps_their_theme():
    seed()
    Preference.objects.all().delete()
    DemoPart.objects.filter(slug="preferences").delete()
    for user in User.objects.all():
        Preference.objects.create(user=user, mode="light", version=3)

    said = seed()

    assert "preferences=0" in said
    assert set(Preference.objects.values_list("mode", flat=True)) == {"light"}


def test_the_five_of_the_stories_have_not_chosen_yet():
    seed()

    leads = [demo.address(name) for name in demo.LEADS]
    assert User.objects.filter(email__in=leads).count() == 5
    assert not Preference.objects.filter(user__email__in=leads).exists()
