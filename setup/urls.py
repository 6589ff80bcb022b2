"""URLs of the first day."""

from django.urls import path

from setup.views import logo, organization, proofs, sample, steps

app_name = "setup"

urlpatterns = [
    path("", steps.overview, name="overview"),
    path("panel/", steps.panel, name="panel"),
    path("hide/", steps.hide, name="hide"),
    path("steps/<slug:key>/", steps.step, name="step"),
    path("steps/<slug:key>/later/", steps.put_off, name="put-off"),
    path("steps/<slug:key>/now/", steps.take_up, name="take-up"),
    path("organization/", organization.organization, name="organization"),
    path("organization/logo/", logo.logo, name="logo"),
    path("organization/logo/<int:pk>/remove/", logo.remove, name="logo-remove"),
    path("organization/logo/<int:pk>/restore/", logo.restore, name="logo-restore"),
    path("mail/", proofs.mail, name="mail"),
    path("mail/<str:name>/", proofs.kept_mail, name="kept-mail"),
    path("backups/", proofs.backup, name="backups"),
    path("sample/", sample.sample_page, name="sample"),
    path("sample/load/", sample.load, name="sample-load"),
    path("sample/off/", sample.take_off, name="sample-off"),
    path("first/<str:key>/", organization.first_admin, name="first-admin"),
]
