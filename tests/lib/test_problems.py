"""Error answers have one shape, whatever went wrong."""

import json

from lib.problems import problem


def test_the_status_alone_makes_a_complete_problem():
    answer = problem(404)

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content) == {"type": "about:blank", "title": "Not Found", "status": 404}


def test_what_is_known_besides_stands_beside_it():
    answer = problem(429, title="Too many tries", detail="Wait.", headers={"Retry-After": "30"}, limit=5)

    assert answer["Retry-After"] == "30"
    assert json.loads(answer.content) == {
        "type": "about:blank",
        "title": "Too many tries",
        "status": 429,
        "detail": "Wait.",
        "limit": 5,
    }


def test_a_lone_surrogate_in_the_words_of_a_client_can_be_answered():
    answer = problem(400, detail="no such name: \ud800")

    assert json.loads(answer.content)["detail"] == "no such name: \ud800"
