"""How comments are ordered: plain values in and out, and the same formulas as SQL for stored columns.

*best* is the lower bound of the Wilson score interval at 80 % confidence (Wilson 1927; Miller 2009), *hot* lets
ten times the votes count as much as 12.5 hours of youth, *controversial* is high for many votes that are even.
"""

from math import copysign, log10, sqrt

Z = 1.281551565545
HOT_SECONDS = 45_000

FUNCTIONS = f"""
CREATE FUNCTION comments_best(ups integer, downs integer) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE WHEN ups + downs = 0 THEN 0 ELSE (
    ups::float8 / (ups + downs) + {Z}::float8 * {Z} / (2 * (ups + downs))
    - {Z} * sqrt((ups::float8 / (ups + downs) * (1 - ups::float8 / (ups + downs))
                  + {Z}::float8 * {Z} / (4 * (ups + downs))) / (ups + downs))
) / (1 + {Z}::float8 * {Z} / (ups + downs)) END;

CREATE FUNCTION comments_controversial(ups integer, downs integer) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE WHEN ups <= 0 OR downs <= 0 THEN 0
    ELSE power((ups + downs)::float8, least(ups, downs)::float8 / greatest(ups, downs)) END;

CREATE FUNCTION comments_hot(ups integer, downs integer, at timestamptz) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    sign((ups - downs)::float8) * log(greatest(abs(ups - downs), 1)::float8)
    + extract(epoch FROM at - '1970-01-01 00:00:00+00'::timestamptz)::float8 / {HOT_SECONDS};
"""
NO_FUNCTIONS = """
DROP FUNCTION comments_best(integer, integer);
DROP FUNCTION comments_controversial(integer, integer);
DROP FUNCTION comments_hot(integer, integer, timestamptz);
"""


def best(ups: int, downs: int) -> float:
    votes = ups + downs
    if not votes:
        return 0.0
    share, square = ups / votes, Z * Z
    bound = share + square / (2 * votes) - Z * sqrt((share * (1 - share) + square / (4 * votes)) / votes)
    return bound / (1 + square / votes)


def controversial(ups: int, downs: int) -> float:
    if ups <= 0 or downs <= 0:
        return 0.0
    return float((ups + downs) ** (min(ups, downs) / max(ups, downs)))


def hot(ups: int, downs: int, seconds: float) -> float:
    score = ups - downs
    sign = copysign(1, score) if score else 0
    return sign * log10(max(abs(score), 1)) + seconds / HOT_SECONDS
