"""Our Postgres backend: the fence of idempotency keys before each commit, and a door before the pool."""

from typing import Any

from config.postgres.door import door
from idempotency.postgres import base


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if self.pool is None:
            return super().get_new_connection(conn_params)
        with door.passage(self._is_ready):
            return super().get_new_connection(conn_params)

    def _is_ready(self) -> bool:
        return self.pool.get_stats()["pool_available"] > 0
