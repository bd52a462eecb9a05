"""The lines that benchmarks print, and the page that is made of them; what they measure is theirs."""

import pytest

from bench import run
from bench.rounds import compare, percentiles


@pytest.fixture
def page(tmp_path, monkeypatch):
    path = tmp_path / "benchmarks.md"
    monkeypatch.setattr(run, "PAGE", path)
    return path


def test_a_line_has_medians_their_spread_and_the_ratio(capsys):
    mine, theirs = iter([9, 1, 2, 3]), iter([9, 4, 4, 10])

    compare("a case", ours=lambda: next(mine), peers={"peer": lambda: next(theirs)}, unit="ms", rounds=3)

    assert capsys.readouterr().out == "a case,2 (1–3),peer: 4 (4–10),0.50,ms\n"


def test_each_number_of_a_round_has_its_own_line_and_unit(capsys):
    units = {"p50": "ms", "SQL statements": "statements"}

    compare("a case", ours=lambda: {"p50": 1.5, "SQL statements": 2}, peers={}, unit=units)

    assert capsys.readouterr().out == "a case: p50,1.5,—,—,ms\na case: SQL statements,2,—,—,statements\n"


def test_nothing_is_divided_by_a_peer_that_measures_zero(capsys):
    compare("a case", ours=lambda: 1, peers={"peer": lambda: 0}, unit="failures")

    assert capsys.readouterr().out == "a case,1,peer: 0,—,failures\n"


def test_the_99th_percentile_is_the_slowest_but_one_of_a_hundred_and_one():
    seconds = [number / 1000 for number in range(1, 102)]

    assert percentiles(seconds, per="ms") == pytest.approx({"p50": 51, "p99": 100})


def test_measuring_one_app_again_leaves_the_sections_of_others(page):
    run.write_section("likes", "## likes\n\nold\n")
    run.write_section("archive", "## archive\n\nkept\n")
    run.write_section("likes", "## likes\n\nnew\n")

    assert page.read_text() == f"{run.INTRODUCTION}\n## archive\n\nkept\n\n## likes\n\nnew\n"


def test_an_app_without_a_benchmark_is_named(capsys):
    code = run.main(["nonsense"])

    assert code == 2
    assert "there is no bench/nonsense.py" in capsys.readouterr().err
