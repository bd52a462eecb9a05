"""What other pages show of this app."""

from django import template
from django.template import Context

from sessions_app.models import Session

register = template.Library()


@register.inclusion_tag("sessions_app/_your_devices.html", takes_context=True)
def your_devices(context: Context, most: int = 3) -> dict[str, object]:
    """Show where the person is signed in, the latest first."""
    request = context["request"]
    rows = Session.objects.visible_to(request.user).active().order_by("-last_seen_at")[:most]
    return {"request": request, "sessions": list(rows), "this_session_id": request.session.row_id}
