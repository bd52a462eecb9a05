"""What fills the storage, over time and by kind."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from lib import sparkline
from quotas import history, pictures
from quotas.models import Notice, StoredFile, Version
from quotas.services import usage
from quotas.views.listing import standing
from sessions_app.requests import Request

DAYS = 90


@require_safe
def usage_detail(request: Request) -> HttpResponse:
    shared = standing(request)
    account = shared["account"]
    days = usage.days_with_today(account_id=account.pk, days=DAYS)
    amounts = [float(amount) for _, amount in days]
    kinds = Version.objects.of_person(request.user.pk).by_kind()
    context = {
        **shared,
        "pieces": pictures.bar(kinds, account.hard),
        "largest": list(StoredFile.objects.visible_to(request.user).largest()[:8]),
        "chart": sparkline.draw(amounts, span=f"{len(days)} days", width=640, height=120) if len(days) > 1 else None,
        "since": days[0][0],
        "full_at": history.full_at(days[-30:], account.hard),
    }
    return render(request, "quotas/usage_detail.html", context)


@require_POST
def notice_snooze(request: Request, notice_id: int) -> HttpResponse:
    get_object_or_404(Notice.objects.shown_to(request.user.pk), pk=notice_id)
    usage.snooze_notice(notice_id=notice_id, user_id=request.user.pk)
    return redirect("quotas:usage")
