"""Pages about which mail people want, and where providers report."""

from django.urls import path

from emailqueue import views

app_name = "emailqueue"
urlpatterns = [
    path("account/mail", views.wishes_page, name="wishes"),
    path("mail/unsubscribe/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("mail/reports/postmark", views.postmark_reports, name="postmark_reports"),
    path("mail/reports/sendgrid", views.sendgrid_reports, name="sendgrid_reports"),
    path("mail/reports/ses", views.ses_reports, name="ses_reports"),
]
