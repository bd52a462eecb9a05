"""The plans that every hall begins with."""

from django.db import migrations

GB = 1_000_000_000
PLANS = [
    ("free", "Free", "person", 5 * GB),
    ("member", "Member", "", 100 * GB),
    ("unlimited", "Unlimited", "", None),
    ("hall", "The hall", "hall", None),
]


def make_plans(apps, schema_editor):
    for slug, name, default_for, hard in PLANS:
        plan = apps.get_model("quotas", "Plan").objects.create(slug=slug, name=name, default_for=default_for)
        apps.get_model("quotas", "PlanLimit").objects.create(plan=plan, resource="storage", hard=hard)


def forget_plans(apps, schema_editor):
    apps.get_model("quotas", "Plan").objects.filter(slug__in=[slug for slug, *_ in PLANS]).delete()


class Migration(migrations.Migration):
    dependencies = [("quotas", "0001_initial")]
    operations = [migrations.RunPython(make_plans, forget_plans)]
