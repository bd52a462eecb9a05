"""One address of Redis, said to each library that connects in its own words."""

from config import redis_address

THREE = "sentinel://hall:p%40%3Ass@one:26380,two,[::1]:26381/3?service=hall&sentinel_password=s%26t"


def test_an_address_without_sentinels_is_handed_on_as_it_is():
    address = redis_address.parse("rediss://:p%40ss@host:6380/2")

    assert address.cache() == {"LOCATION": "rediss://:p%40ss@host:6380/2", "OPTIONS": {}}
    assert address.broker() == ("rediss://:p%40ss@host:6380/2", {})


def test_sentinels_are_named_with_their_usual_port():
    address = redis_address.parse(THREE)

    assert address.sentinels == (("one", 26380), ("two", 26379), ("::1", 26381))
    assert (address.service, address.database) == ("hall", 3)


def test_the_cache_asks_the_sentinels_for_the_service():
    cache = redis_address.parse(THREE).cache()

    assert cache["LOCATION"] == "redis://hall:p%40%3Ass@hall/3"
    assert cache["OPTIONS"]["SENTINELS"] == [("one", 26380), ("two", 26379), ("::1", 26381)]
    assert cache["OPTIONS"]["SENTINEL_KWARGS"]["password"] == "s&t"


def test_each_sentinel_of_the_broker_carries_what_the_server_asks_for():
    url, options = redis_address.parse(THREE).broker()

    login = "hall:p%40%3Ass@"
    places = [f"sentinel://{login}{place}/3" for place in ("one:26380", "two:26379", "[::1]:26381")]
    assert url.split(";") == places
    assert options["master_name"] == "hall"
    assert options["sentinel_kwargs"]["password"] == "s&t"


def test_a_password_without_a_user_and_no_database_are_the_usual():
    address = redis_address.parse("sentinel://:secret@one/?service=hall")

    assert address.cache()["LOCATION"] == "redis://:secret@hall/0"
    assert "password" not in address.cache()["OPTIONS"]["SENTINEL_KWARGS"]
