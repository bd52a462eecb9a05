"""The sides of bench/featureflags.py: 100 flags, each a 50 % rollout to people in one country."""

import os
import tempfile
import time

from celery import shared_task

from bench.rounds import timings

FLAGS = 100
ASKED = "flag_50"
PERSON = "person-123"
COUNTRY = "PT"
MANY_RULES = "many_rules"
SEEN = "bench:flags"

ask = None


def measure(*, times: int) -> dict[str, float]:
    return timings(ask, times=times, per="µs")


# --- Ours -------------------------------------------------------------------------------------------------


def begin_ours() -> None:
    """Store the flags; `ask` is what a view calls: snapshot, decision, count."""
    global ask
    import featureflags
    from featureflags import services

    base = {"type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "off"}
    country = {"attribute": "country", "operator": "equals", "value": COUNTRY}
    flags = [
        base | {"key": f"flag_{number}", "rules": [{"conditions": [country], "share": 50_000, "serve": "on"}]}
        for number in range(FLAGS)
    ]
    others = [
        {"conditions": [country | {"value": f"X{number}"}], "share": 50_000, "serve": "on"} for number in range(19)
    ]
    flags.append(base | {"key": MANY_RULES, "rules": [*others, {"conditions": [country], "serve": "on"}]})
    flags.append(base | {"key": "signup_open", "default": "on"})
    services.import_flags(
        document={"format": "guildhall-flags-1", "flags": flags}, why="a benchmark", by=None, dry_run=False
    )
    context = {"targetingKey": PERSON, "country": COUNTRY}
    ask = lambda: featureflags.enabled(ASKED, context)  # noqa: E731
    ask()


def measure_many_rules(*, times: int) -> dict[str, float]:
    import featureflags

    context = {"targetingKey": PERSON, "country": COUNTRY}
    assert featureflags.enabled(MANY_RULES, context) is True
    return timings(lambda: featureflags.enabled(MANY_RULES, context), times=times, per="µs")


def distribution(*, share: int, people: int) -> float:
    """Return by how many points the people who are let in differ from the share."""
    from featureflags.evaluation.bucketing import bucket

    let_in = sum(bucket(ASKED, f"person-{number}") < share for number in range(people))
    return abs(let_in / people * 100 - share / 1000)


def switch(*, on: bool) -> float:
    """Kill or restore sign-up; return the moment at which it was committed."""
    from featureflags import services

    act = services.restore_flag if on else services.kill_flag
    act(key="signup_open", why="a benchmark", by=None)
    return time.time()


def ring() -> None:
    # Enough that the pool gives some of them to either process.
    for _ in range(6):
        tell.delay()


def seen() -> list[str]:
    """Return what the worker processes said since the last time: pid, answer, moment."""
    from django_redis import get_redis_connection

    with get_redis_connection().pipeline() as pipeline:
        pipeline.lrange(SEEN, 0, -1)
        pipeline.delete(SEEN)
        return [line.decode() for line in pipeline.execute()[0]]


@shared_task
def tell() -> None:
    from django_redis import get_redis_connection

    import featureflags

    answer = featureflags.enabled("signup_open", default=True)
    get_redis_connection().rpush(SEEN, f"{os.getpid()} {answer:d} {time.time()}")


# --- The peers --------------------------------------------------------------------------------------------


def begin_growthbook() -> None:
    global ask
    from growthbook import GrowthBook

    rule = {"condition": {"country": COUNTRY}, "force": True, "coverage": 0.5, "hashAttribute": "id"}
    features = {f"flag_{number}": {"defaultValue": False, "rules": [rule]} for number in range(FLAGS)}
    client = GrowthBook(attributes={"id": PERSON, "country": COUNTRY}, features=features)
    ask = lambda: client.is_on(ASKED)  # noqa: E731
    ask()


def begin_unleash() -> None:
    global ask
    from UnleashClient import UnleashClient
    from UnleashClient.cache import FileCache

    strategy = {
        "name": "flexibleRollout",
        "parameters": {"rollout": "50", "stickiness": "userId", "groupId": "bench"},
        "constraints": [{"contextName": "country", "operator": "IN", "values": [COUNTRY]}],
    }
    features = [{"name": f"flag_{number}", "enabled": True, "strategies": [strategy]} for number in range(FLAGS)]
    cache = FileCache("bench", directory=tempfile.mkdtemp())
    cache.bootstrap_from_dict({"version": 2, "features": features})
    client = UnleashClient(
        "http://127.0.0.1:1/api", "bench", disable_metrics=True, disable_registration=True, cache=cache
    )
    client.initialize_client(fetch_toggles=False)
    context = {"userId": PERSON, "properties": {"country": COUNTRY}}
    ask = lambda: client.is_enabled(ASKED, context)  # noqa: E731
    _is_a_rollout(lambda person: client.is_enabled(ASKED, {"userId": person, "properties": {"country": COUNTRY}}))


def begin_flagd() -> None:
    global ask
    from openfeature.contrib.tools.flagd.core import FlagdCore
    from openfeature.evaluation_context import EvaluationContext

    half = {"fractional": [{"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]}, ["on", 50], ["off", 50]]}
    flag = {
        "state": "ENABLED",
        "variants": {"on": True, "off": False},
        "defaultVariant": "off",
        "targeting": {"if": [{"==": [{"var": "country"}, COUNTRY]}, half, "off"]},
    }
    core = FlagdCore()
    core.set_flags({"flags": {f"flag_{number}": flag for number in range(FLAGS)}})
    context = EvaluationContext(PERSON, {"country": COUNTRY})
    ask = lambda: core.resolve_boolean_value(ASKED, False, context)  # noqa: E731
    _is_a_rollout(
        lambda person: core.resolve_boolean_value(ASKED, False, EvaluationContext(person, {"country": COUNTRY})).value
    )


def begin_waffle() -> None:
    """Let waffle roll out to 50 % by its cookie; it knows no conditions on attributes, so it asks one thing less."""
    global ask
    from django.contrib.auth.models import AnonymousUser
    from django.test import RequestFactory
    from waffle import flag_is_active
    from waffle.models import Flag

    Flag.objects.bulk_create(Flag(name=f"flag_{number}", percent=50) for number in range(FLAGS))

    def active() -> bool:
        request = RequestFactory().get("/")
        request.user = AnonymousUser()
        return flag_is_active(request, ASKED)

    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    flag_is_active(request, ASKED)

    def again() -> bool:
        # A new visitor each time: within one request waffle remembers what it drew.
        request.waffles = {}
        return flag_is_active(request, ASKED)

    ask = again
    _is_a_rollout(lambda _: active())


def _is_a_rollout(on) -> None:
    """Make sure that the peer really decides: some people get it, and some do not."""
    assert {bool(on(f"person-{number}")) for number in range(100)} == {True, False}
