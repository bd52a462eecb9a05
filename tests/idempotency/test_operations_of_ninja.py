"""Operations of django-ninja: a key is taken after authentication and validation, and the response is kept."""

import pytest
from ninja import Router

from idempotency.models import Record
from idempotency.routes import guarded_router
from tests.idempotency.hall import effects
from tests.idempotency.test_fence import let_the_lease_run_out
from tests.idempotency.test_table import ask, is_problem
from tests.races import Gate, held

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/tests-api/acts"
BODY = {"note": "ninja"}


def create(browser, key, body=None, **options):
    return ask(browser, PATH, key, body=body or BODY, **options)


def test_a_retry_gets_the_first_answer(at_alices, key):
    first, again = create(at_alices, key), create(at_alices, key, spelling="quoted")

    assert (again.status_code, again.content, again["Content-Type"]) == (201, first.content, first["Content-Type"])
    assert again["Idempotent-Replayed"] == "true"
    assert effects() == 1


def test_the_refusals_are_the_same_as_a_views(at_alices, key):
    assert is_problem(create(at_alices, None), 400, "Idempotency-Key is missing")
    assert is_problem(create(at_alices, "a b"), 400, "Idempotency-Key is malformed")
    with held(Gate(), lambda: create(at_alices, key), "INSERT", "sessions_app_securityevent"):
        assert is_problem(create(at_alices, key), 409, "A request is outstanding for this Idempotency-Key")
        assert is_problem(create(at_alices, key, {"note": "x"}), 422, "Idempotency-Key is already used")


def test_a_patch_has_keys_too(at_alices, key):
    answers = [ask(at_alices, f"{PATH}/7", key, method="PATCH", body=BODY) for _ in "12"]

    assert answers[0].content == answers[1].content
    assert effects() == 1


def test_whoever_may_not_ask_gets_no_kept_answer(at_alices, client, key):
    create(at_alices, key)
    at_alices.logout()

    assert create(at_alices, key).status_code == 401
    assert create(client, key).status_code == 401


def test_what_ninja_refuses_takes_no_key(at_alices, key):
    wrong = create(at_alices, key, {"wrong": 1})
    right = create(at_alices, key)

    assert (wrong.status_code, right.status_code) == (422, 201)


def test_an_operation_that_breaks_before_an_effect_may_be_tried_again(at_alices, key):
    answers = [create(at_alices, key, {"note": "break"}) for _ in "12"]

    assert [each.status_code for each in answers] == [500, 500]
    assert not Record.objects.exists()


def test_a_slow_operation_cannot_commit_after_it_was_taken_over(at_alices, key):
    with held(Gate(), lambda: create(at_alices, key), "INSERT", "sessions_app_securityevent") as slow:
        let_the_lease_run_out()
        fast = create(at_alices, key)

    assert (slow[0].content, slow[0]["Idempotent-Replayed"]) == (fast.content, "true")
    assert effects() == 1


def test_a_router_is_guarded_as_a_whole(at_alices, key):
    answers = [ask(at_alices, "/tests-api/guarded", key, body=BODY) for _ in "12"]

    assert answers[1]["Idempotent-Replayed"] == "true"
    assert effects() == 1


def test_reading_operations_are_left_alone():
    router = Router()
    router.get("/x")(lambda request: {})
    guarded_router(router, policies={})

    assert not hasattr(router.path_operations["/x"].operations[0].view_func, "idempotency")
