"""An operation that is going to leave says so in each of its answers, in the document and on the page."""

from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

import pytest
from django.test import Client

from config import api_docs
from lib.deprecation import TooSoon, deprecated
from tests.api import trial
from tests.api.conftest import Program, assert_problem, program

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.api.trial")]


def announced(response):
    since = datetime.fromtimestamp(int(response["Deprecation"].removeprefix("@")), UTC)
    return since, parsedate_to_datetime(response["Sunset"])


def test_each_answer_says_since_when_and_until_when(alice):
    answers = [program(alice).get("/old"), Program().get("/old"), program(alice).get("/old?colour=red")]

    assert [each.status_code for each in answers] == [200, 401, 422]
    for each in answers:
        assert announced(each) == (datetime(2027, 1, 4, tzinfo=UTC), datetime(2028, 1, 10, tzinfo=UTC))
        assert each["Link"] == '</api/docs#show_old>; rel="deprecation"; type="text/html"'


def test_one_that_is_done_once_for_a_key_says_it_too(alice):
    asks = program(alice, "write")

    answers = [asks.send("POST", "/old", headers={"idempotency-key": "k-12345678"}) for _ in "12"]

    assert [each.status_code for each in answers] == [201, 201]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert all(announced(each) for each in answers)
    assert answers[1]["Link"].count("deprecation") == 1


def test_an_operation_that_stays_says_nothing(alice):
    response = program(alice).get("/lines")

    assert not {"Deprecation", "Sunset", "Link"} & set(response.headers)


def test_the_document_says_it():
    operations = trial.trial.get_openapi_schema()["paths"]["/api/v1/old"]

    for method in ("get", "post"):
        assert operations[method]["deprecated"] is True
        assert operations[method]["description"].startswith("Leaves on 10 January 2028: use `show_me` instead.")
        assert all(
            {"Deprecation", "Sunset"} <= set(each["headers"]) for each in operations[method]["responses"].values()
        )


@pytest.mark.urls("config.urls")
def test_the_page_says_it(monkeypatch):
    document = trial.trial.get_openapi_schema(path_prefix="api/v1/")
    monkeypatch.setattr(api_docs, "document", lambda: document)

    page = Client().get("/api/docs").content.decode()

    assert '<span class="chip chip-wait">leaves</span>' in page
    assert "Leaves on 10 January 2028: use" in page


def test_less_than_a_year_is_refused():
    with pytest.raises(TooSoon):
        deprecated(since=date(2027, 1, 4), until=date(2027, 12, 31), instead="show_me")


def test_a_method_that_is_not_there_is_refused_as_ever(alice):
    assert_problem(program(alice).send("DELETE", "/old"), 405)
