"""While Postgres is away one at a time waits for a connection, and the others hear it at once."""

import pytest
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from config.postgres.door import Door


def never():
    return False


def always():
    return True


@pytest.fixture
def shut():
    door = Door()
    wait_in_vain(door)
    return door


def wait_in_vain(door):
    with pytest.raises(PoolTimeout), door.passage(never):
        raise PoolTimeout


def test_an_open_door_lets_all_wait():
    door = Door()

    with door.passage(never), door.passage(never):
        wait_in_vain(door)


def test_a_shut_door_lets_one_wait_and_refuses_the_others(shut):
    with (
        shut.passage(never),
        pytest.raises(OperationalError, match="somebody waits for it already"),
        shut.passage(never),
    ):
        pytest.fail("went in")


def test_after_one_who_waited_in_vain_the_next_may_wait(shut):
    wait_in_vain(shut)

    wait_in_vain(shut)


def test_a_shut_door_keeps_nobody_from_a_connection_that_is_there(shut):
    with shut.passage(never), shut.passage(always), shut.passage(always):
        pass


def test_whoever_gets_a_connection_opens_it_for_all(shut):
    with shut.passage(never):
        pass

    with shut.passage(never), shut.passage(never):
        pass


def test_another_fault_does_not_shut_it():
    door = Door()

    with pytest.raises(OperationalError, match="password"), door.passage(never):
        raise OperationalError("password authentication failed")

    with door.passage(never), door.passage(never):
        pass


def test_a_child_begins_with_an_open_door(shut):
    with shut.passage(never):
        shut.renew()

        with shut.passage(never), shut.passage(never):
            pass
