"""URLs of notices."""

from django.urls import path

from notices import views

app_name = "notices"

urlpatterns = [
    path("", views.notice_list, name="list"),
    path("bell/", views.bell, name="bell"),
    path("read/", views.read_all, name="read-all"),
    path("mails/", views.mail_settings, name="mail-settings"),
    path("<int:pk>/", views.follow, name="follow"),
    path("<int:pk>/read/", views.read, name="read"),
]
