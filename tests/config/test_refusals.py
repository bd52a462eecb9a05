"""What cannot be taken is refused in plain words, and a fault of ours is not taken for a client's."""

import json

import pytest
from django.core.exceptions import BadRequest
from django.db import DataError
from django.test import Client
from django.urls import reverse

from config import faults
from sessions_app.models import User
from tests import factories
from tests.sessions_app.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def raised(work):
    try:
        work()
    except Exception as error:  # noqa: BLE001  (whatever it raises is what is looked at)
        return error
    return None


def test_a_view_that_refuses_says_why():
    response = Client().post("/settings/theme", {"mode": "sepia"})

    assert response.status_code == 400
    assert "The theme is one of: system, light, dark." in response.content.decode()


def test_what_a_view_says_is_printed_as_text():
    assert faults.reason_of_refusal(BadRequest("<b>no</b>")) == "<b>no</b>"


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (lambda: json.loads("[" * 100_000), faults.TOO_DEEP),
        (lambda: int("9" * 5000), faults.OUT_OF_RANGE),
        (lambda: User.objects.filter(email="a\0b").exists(), faults.NUL_BYTE),
        (lambda: User.objects.filter(email="\ud800").exists(), faults.NOT_TEXT),
        (
            lambda: (_ for _ in ()).throw(DataError("value too long for type character varying(80)")),
            faults.OUT_OF_RANGE,
        ),
    ],
)
def test_input_that_reaches_too_far_is_known_by_its_error(work, reason):
    assert faults.reason_of_refusal(raised(work)) == reason


def test_an_address_that_nobody_can_parse_is_refused_with_its_reason():
    response = Client(raise_request_exception=False).get(reverse("account_login"), {"next": "http://[::1"})

    assert response.status_code == 400
    assert faults.NO_WEB_ADDRESS in response.content.decode()


def test_an_operator_who_looks_for_no_network_address_is_told():
    olga = factories.user(name="olga", superuser=True)
    client = sign_in(olga, at=Client(raise_request_exception=False))

    response = client.get("/admin/sessions_app/session/", {"address": "x"})

    assert response.status_code == 400
    assert faults.NO_NETWORK_ADDRESS in response.content.decode()


def test_a_reference_by_a_field_without_a_name_is_refused():
    olga = factories.user(name="olga", superuser=True)
    client = sign_in(olga, at=Client(raise_request_exception=False))

    response = client.post(f"/admin/sessions_app/user/{olga.pk}/change/", {"_to_field": ""})

    assert response.status_code == 400
    assert "_to_field must name a field." in response.content.decode()


@pytest.mark.parametrize(
    "fault", [ValueError("a fault of ours"), RecursionError("maximum recursion depth exceeded"), KeyError("x"), None]
)
def test_a_fault_of_ours_stays_one(fault):
    assert faults.reason_of_refusal(fault) is None
    assert not faults.is_part_away(fault)


def test_ten_megabytes_are_refused_and_nothing_changes():
    response = Client().post("/settings/theme", {"mode": "dark", "next": "x" * 10_000_000})

    assert response.status_code in (400, 413)
    assert not response.cookies


def test_a_name_that_the_hall_does_not_go_by_is_refused():
    response = Client().get("/", headers={"host": "evil.example"})

    assert response.status_code == 400
