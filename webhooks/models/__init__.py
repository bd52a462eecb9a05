"""What happened, and whom it was told: events, the endpoints of integrators, deliveries and their attempts.

Invariants:

1. An event is committed with the change that it reports, or not at all.
2. Event, delivery (event x endpoint) and attempt are three tables; a payload is stored once.
3. `webhook-id` is stable over retries; the signature covers `id.timestamp.body`; the body's bytes never change.
4. No delivery ever connects to a private, loopback, link-local, multicast or otherwise reserved address, whatever the
   URL's spelling, the DNS answer, a redirect or a second look-up says.
5. An endpoint's backlog, slowness or death costs only itself.
6. An event reaches an endpoint of its owner's only if it is about that person, or if the person is an operator who
   asked for everything in the hall.

Events, deliveries and attempts are cut by week along their ids, which begin with the event's moment: what is old goes
as whole partitions. No key constraint ties one of these tables to another, or none of them could be dropped; they are
written together, by one statement or one transaction.
"""

from webhooks.models.deliveries import Attempt, Delivery, DeliveryQuerySet, Outcome
from webhooks.models.endpoints import Endpoint, Intervention, Notice, Secret
from webhooks.models.events import Event

__all__ = [
    "Attempt",
    "Delivery",
    "DeliveryQuerySet",
    "Endpoint",
    "Event",
    "Intervention",
    "Notice",
    "Outcome",
    "Secret",
]
