"""Constraints taken out: with one the bad row is refused, without it the row gets in. Each test rolls all back."""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import BaseConstraint, Model

Constraint = tuple[type[Model], BaseConstraint]


def constraints_of(*labels: str) -> dict[str, Constraint]:
    """Return every constraint of these apps, with its model, by name."""
    return {
        constraint.name: (model, constraint)
        for label in labels
        for model in apps.get_app_config(label).get_models()
        for constraint in model._meta.constraints
    }


def assert_refused(name: str, store: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic(savepoint=True):
        store()


def take_out(constraint: Constraint) -> None:
    """Drop it, for as long as the test's transaction lasts."""
    with connection.schema_editor(atomic=False) as editor:
        editor.remove_constraint(*constraint)


def take_out_unique(model: type[Model], field: str) -> None:
    """Let a unique field be any, for as long as the test's transaction lasts."""
    column = model._meta.get_field(field)
    loose = column.clone()
    loose._unique = False
    loose.set_attributes_from_name(field)
    with connection.schema_editor(atomic=False) as editor:
        editor.alter_field(model, column, loose)
