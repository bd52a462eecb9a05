"""Snippets that break the rules about views and templates, and snippets that look alike and are right."""

from tests.conventions import pages
from tests.conventions.offences import Cases
from tests.conventions.source import Rule

LONG_VIEW = "def page(request):\n" + "    step()\n" * 15 + "    return answer()\n"

OFFENCES: dict[Rule, Cases] = {
    pages.views_name_their_methods: Cases(
        caught=[
            (
                "bookings/urls.py",
                "from bookings import views\npath('x', views.page)\n== bookings/views.py\ndef page(request): ...",
            ),
            (
                "bookings/urls.py",
                "from bookings.views import page\npath('x', page)\n== bookings/views.py\n"
                "@login_not_required\ndef page(request): ...",
            ),
            ("bookings/urls.py", "from bookings import views\npath('x', views.missing)\n== bookings/views.py\n"),
            ("bookings/urls.py", "from bookings import views\npath('x', views.Page.as_view())"),
        ],
        allowed=[
            (
                "bookings/urls.py",
                "from bookings import views\npath('x', views.page)\npath('y', include('other.urls'))\n"
                "== bookings/views.py\n@require_http_methods(['GET', 'POST'])\ndef page(request): ...",
            ),
            ("config/urls.py", "from django.contrib import admin\npath('admin/', admin.site.urls)"),
        ],
    ),
    pages.public_views_are_listed: Cases(
        caught=[
            ("bookings/views.py", "@login_not_required\n@require_safe\ndef page(request): ..."),
            ("config/views.py", "@require_safe\ndef home(request): ..."),
        ],
        allowed=[("config/views.py", "@login_not_required\n@require_safe\ndef home(request): ...")],
    ),
    pages.public_is_said_by_the_decorator: Cases(
        caught=[("bookings/views.py", "page.login_required = False")],
        allowed=[("bookings/views.py", "if page.login_required:\n    pass")],
    ),
    pages.views_are_short: Cases(
        caught=[
            ("bookings/views.py", LONG_VIEW),
            ("bookings/views.py", "def page(request):\n    return answer(\n" + "        1,\n" * 25 + "    )\n"),
        ],
        allowed=[("bookings/views.py", LONG_VIEW.replace("    step()\n", "", 1))],
    ),
    pages.views_read_by_adjective: Cases(
        caught=[
            ("bookings/views.py", "slots = Slot.objects.all()"),
            ("bookings/views.py", "from payments.models import Bill\nbills = Bill.objects.filter(paid_at=None)"),
        ],
        allowed=[
            (
                "bookings/views.py",
                "from payments.models import Bill\nbills = Bill.objects.visible_to(request.user)\n"
                "slots = Slot.objects.filter(pk=1)",
            )
        ],
    ),
    pages.views_write_nothing: Cases(
        caught=[
            ("bookings/views.py", "slot.save()"),
            ("bookings/api.py", "Slot.objects.create(name='x')"),
            ("bookings/views.py", "Slot.objects.select_for_update(no_key=True)"),
        ],
        allowed=[("bookings/views.py", "services.create(name='x')\nresponse.delete_cookie('x')")],
    ),
    pages.templates_hold_no_code: Cases(
        caught=[
            ("templates/base.html", "<p>\n<script>go()</script>"),
            ("templates/base.html", "<style>p { color: red }</style>"),
            ("templates/base.html", '<p class="a" style="color: red">'),
            ("templates/base.html", '<button onclick="go()">'),
            ("templates/base.html", '<button hx-on:click="go()">'),
            ("bookings/templates/x.html", '<a href="javascript:go()">'),
        ],
        allowed=[
            ("templates/base.html", '<script type="module" src="{% static "js/theme.js" %}"></script>'),
            ("templates/base.html", '<script id="x" type="application/json">{}</script>'),
            ("templates/base.html", "{# never <style> here #}"),
            ("templates/sessions_app/mails/new_device.html", "<style>p { margin: 0 }</style>"),
        ],
    ),
    pages.templates_escape: Cases(
        caught=[
            ("templates/base.html", "<p>\n{{ text|safe }}"),
            ("templates/base.html", "{% autoescape off %}{{ text }}{% endautoescape %}"),
        ],
        allowed=[("templates/base.html", "{{ text|linebreaks }} {# not |safe #}")],
    ),
    pages.exemptions_from_tokens_are_listed: Cases(
        caught=[("bookings/views.py", "@csrf_exempt\n@require_POST\ndef page(request): ...")],
        allowed=[("preferences/views.py", "@csrf_exempt\n@require_POST\ndef theme(request): ...")],
    ),
    pages.forms_carry_their_key: Cases(
        caught=[
            ("templates/x.html", '<form method="post">{% csrf_token %}<button>Go</button></form>'),
            ("templates/x.html", '<form class="form" method="{{ method }}"><button>Go</button></form>'),
        ],
        allowed=[
            ("templates/x.html", '<form method="post">{% csrf_token %}{% idempotency_key %}</form>'),
            ("templates/x.html", '<form method="get"><button>Go</button></form>'),
        ],
    ),
    pages.forms_carry_their_token: Cases(
        caught=[("templates/x.html", '<form method="post"><button>Go</button></form>')],
        allowed=[
            ("templates/x.html", '<form method="post">{% csrf_token %}<button>Go</button></form>'),
            ("templates/x.html", '<form method="get"><button>Go</button></form>'),
        ],
    ),
}
