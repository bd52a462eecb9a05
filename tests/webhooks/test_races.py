"""Two who do the same to an endpoint at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.races import Gate, held, race
from tests.webhooks.conftest import deliver, endpoint, ping
from webhooks import limits, services
from webhooks.models import Attempt, Delivery, Secret

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("again", ["resend_range", "recover_endpoint"])
def test_what_somebody_else_brought_back_meanwhile_is_not_sent_a_second_time(alice, receiver, again):
    receiver.answers(500)
    row = endpoint(alice, receiver.url, ladder=[0])
    ping(alice)
    deliver()
    receiver.answers(204)
    since, until = timezone.now() - timedelta(hours=1), timezone.now()
    asked = {"endpoint_id": row.pk, "since": since} | ({"until": until} if again == "resend_range" else {})
    gate = Gate()

    with held(gate, lambda: getattr(services, again)(**asked), 'FROM "webhooks_delivery"') as slow:
        quick = getattr(services, again)(**asked)
        deliver()
    deliver()

    assert (quick, slow) == (1, [0])
    assert Delivery.objects.get().state == Delivery.State.DELIVERED
    assert Attempt.objects.count() == 2


def test_rotations_at_once_come_one_after_the_other_up_to_the_limit(alice):
    row = endpoint(alice, "https://hooks.example.org/")

    found = race(*[lambda: services.rotate_secrets(endpoint_id=row.pk)] * (limits.SECRETS_MAX + 2))

    names = sorted(type(each).__name__ for each in found)
    assert names == ["Endpoint"] * (limits.SECRETS_MAX - 1) + ["RotatedTooOften"] * 3
    assert Secret.objects.filter(endpoint=row, expires_at=None).count() == 1
