"""URLs of notices."""

from django.urls import path

from notices.views import mails, notices

app_name = "notices"

urlpatterns = [
    path("", notices.notice_list, name="list"),
    path("bell/", notices.bell, name="bell"),
    path("read/", notices.read_all, name="read-all"),
    path("unsubscribe/<str:token>/", mails.unsubscribe, name="unsubscribe"),
    path("sent/", mails.sent_mails, name="mails"),
    path("sent/<str:name>/", mails.sent_mail, name="mail"),
    path("sent/<str:name>/body/", mails.mail_body, name="mail-body"),
    path("sent/<str:name>/raw.eml", mails.mail_file, name="mail-file"),
    path("reminders/", notices.reminders, name="reminders"),
    path("mails/", notices.mail_settings, name="mail-settings"),
    path("<int:pk>/", notices.follow, name="follow"),
    path("<int:pk>/read/", notices.read, name="read"),
]
