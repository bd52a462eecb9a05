"""Accounts by the thousand, for measurements in which nobody signs in by password."""

from django.db import connection


def invite(count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sessions_app_user (password, is_superuser, email, display_name, time_zone, is_active,"
            " is_staff, joined_at, privilege_version, profile_version) SELECT '', false, 'p' || n || '@example.org',"
            " 'P' || n, '', true, false, '2020-01-01', 0, 0 FROM generate_series(1, %s) AS n",
            [count],
        )
