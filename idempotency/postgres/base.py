"""Django's Postgres backend, which asks the claim that is held here before it commits (docs/adr/0015)."""

from django.db.backends.postgresql import base

from idempotency import claims


class DatabaseWrapper(base.DatabaseWrapper):
    def _commit(self) -> None:
        claims.before_commit(self)
        super()._commit()  # type: ignore[misc]

    def _rollback(self) -> None:
        super()._rollback()  # type: ignore[misc]
        claims.after_rollback(self)
