"""Who hears of what: the events of the apps below, filters, rights, and payloads that do not fit."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from featureflags import services as flags
from featureflags.models import Flag
from sessions_app import services as sessions
from tests import factories
from tests.races import race
from tests.webhooks.conftest import PING, endpoint, ping
from webhooks import catalogue, identifiers, services
from webhooks.models import Delivery, Endpoint, Event

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://hooks.example.org/"


def heard_by(row):
    return sorted(Delivery.objects.of_endpoint(row).values_list("type", flat=True))


@pytest.fixture
def olga(db):
    return factories.user(name="olga", superuser=True)


def test_a_person_hears_of_what_is_about_them_and_of_nothing_else(alice, mallory):
    row = endpoint(alice, URL)

    ping(mallory)
    ping(alice)

    assert heard_by(row) == [PING]


def test_an_operator_hears_of_everything_as_long_as_they_are_one(alice, olga):
    row = endpoint(olga, URL, scope="hall")
    ping(alice)
    olga.is_staff = False
    olga.save(update_fields=["is_staff"])

    ping(alice)

    assert heard_by(row) == [PING]


def test_whoever_may_not_sign_in_hears_of_nothing(alice):
    row = endpoint(alice, URL, filters=["thing.*"])
    sessions.deactivate_user(user_id=alice.pk, by=None)

    ping(alice)

    assert heard_by(row) == []


@pytest.mark.parametrize(
    ("filters", "hears"),
    [([], True), ([PING], True), (["thing.*"], True), (["flag.*"], False), (["flag.killed"], False)],
)
def test_an_endpoint_hears_of_the_types_that_it_asked_for(alice, filters, hears):
    row = endpoint(alice, URL, filters=filters)

    ping(alice)

    assert (heard_by(row) == [PING]) is hears


def test_what_lower_apps_do_is_published_in_their_transaction(alice, olga):
    row = endpoint(olga, URL, scope="hall")
    state = {"key": "lamp", "type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "off"}

    flags.change_flag(state=state, version=None, why="a test", by=olga)
    flags.kill_flag(key="lamp", why="it burns", by=olga)
    flags.restore_flag(key="lamp", why="mended", by=olga)
    sessions.create_token(user_id=alice.pk, name="printer", scopes=["read"], expires_at=None)
    sessions.deactivate_user(user_id=alice.pk, by=olga)
    sessions.reactivate_user(user_id=alice.pk, by=olga)

    assert heard_by(row) == [
        *("flag.changed", "flag.killed", "flag.restored", "member.deactivated", "member.reactivated", "token.created"),
    ]
    assert b"it burns" in bytes(Event.objects.get(type="flag.killed").body)


def test_a_change_that_is_refused_publishes_nothing(olga):
    endpoint(olga, URL, scope="hall")
    before = Event.objects.count()

    with pytest.raises(flags.NoSuchFlag):
        flags.kill_flag(key="nobody", why="x", by=olga)

    assert Event.objects.count() == before
    assert not Flag.objects.exists()


@pytest.mark.parametrize("data", [{"number": float("nan")}, {"x": object()}, {"x": "y" * 65536}, []])
def test_a_payload_that_does_not_fit_is_refused(alice, data):
    with pytest.raises(services.PayloadRefused):
        services.publish(PING, data, about=[alice.pk])

    assert not Event.objects.filter(type=PING).exists()


def test_a_type_that_nobody_registered_is_a_fault_of_the_publisher():
    with pytest.raises(catalogue.NotInCatalogue):
        services.publish("nobody.knows", {})


def test_an_example_that_does_not_fit_stops_the_start():
    with pytest.raises(catalogue.DoesNotFit):
        catalogue.register(
            "thing.failed", title="x", words="x", schema={"type": "object", "required": ["a"]}, example={}
        )


@pytest.mark.parametrize("name", ["ping", "Thing.pinged", "thing.", ".pinged", "thing pinged", "t." + "x" * 90])
def test_a_name_that_is_not_dotted_is_refused(name):
    with pytest.raises(ValueError, match="dotted"):
        catalogue.register(name, title="x", words="x", schema={}, example={})


def test_a_text_with_half_a_character_is_sent_as_json(alice):
    event = services.publish(PING, {"text": "\ud800é"}, about=[alice.pk])

    assert bytes(event.body).isascii()


# --- Endpoints --------------------------------------------------------------------------------------------


def test_there_is_a_limit_of_endpoints_also_for_two_at_once(alice):
    for _ in range(19):
        endpoint(alice, URL)

    found = race(*[lambda: endpoint(alice, URL)] * 3)

    assert sum(isinstance(each, services.TooManyEndpoints) for each in found) == 2
    assert Endpoint.objects.count() == 20


def test_two_changes_from_one_state_keep_only_the_first(alice):
    row = endpoint(alice, URL)

    found = race(
        *[
            lambda words=words: services.change_endpoint(endpoint_id=row.pk, version=1, description=words)
            for words in ("one", "two")
        ]
    )

    assert sum(isinstance(each, services.StaleEndpoint) for each in found) == 1


def test_ten_thousand_filters_are_refused(alice):
    with pytest.raises(services.FilterUnknown):
        endpoint(alice, URL, filters=[f"thing.x{number}" for number in range(10_000)])


def test_a_removed_endpoint_hears_of_nothing_more(alice):
    row = endpoint(alice, URL)
    services.remove_endpoint(endpoint_id=row.pk)

    ping(alice)

    assert heard_by(row) == []


# --- Again ------------------------------------------------------------------------------------------------


def test_a_delivery_is_there_once_for_an_event_and_an_endpoint(alice):
    row = endpoint(alice, URL)
    event = ping(alice)
    since = timezone.now() - timedelta(hours=1)

    race(*[lambda: services.recover_endpoint(endpoint_id=row.pk, since=since)] * 3)

    assert Delivery.objects.get().pk == identifiers.delivery_id(event.pk, row.pk)


def test_what_is_recovered_is_only_what_the_endpoint_may_hear(alice, mallory):
    ping(alice)
    ping(mallory)
    row = endpoint(alice, URL)

    count = services.recover_endpoint(endpoint_id=row.pk, since=timezone.now() - timedelta(hours=1))

    assert count == 1
    assert Delivery.objects.get().event.about == [alice.pk]


def test_nothing_is_resent_to_an_endpoint_that_takes_nothing(alice):
    row = endpoint(alice, URL)
    ping(alice)
    services.pause_endpoint(endpoint_id=row.pk)
    since, until = timezone.now() - timedelta(hours=1), timezone.now()

    for call in (
        lambda: services.resend_delivery(delivery_id=Delivery.objects.get().pk),
        lambda: services.resend_range(endpoint_id=row.pk, since=since, until=until),
        lambda: services.recover_endpoint(endpoint_id=row.pk, since=since),
        lambda: services.send_test(endpoint_id=row.pk, by=alice),
    ):
        with pytest.raises(services.NotEnabled):
            call()


def test_what_is_under_way_is_not_sent_beside_itself(alice):
    endpoint(alice, URL)
    ping(alice)
    Delivery.objects.update(lease_expires_at=timezone.now() + timedelta(seconds=30))

    with pytest.raises(services.UnderWay):
        services.resend_delivery(delivery_id=Delivery.objects.get().pk)


def test_rights_of_a_group_change_nothing_about_the_hall(alice):
    alice.groups.add(Group.objects.create(name="helpers"))

    with pytest.raises(services.NotAnOperator):
        endpoint(alice, URL, scope="hall")
