"""The URL map. Every view carries `requires(…)` or a reason why not (tests/architecture walks this map)."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from accounts.views import session
from events.views import public
from prm import health, offline, pages, palette
from prm.styleguide import styleguide
from visits.views import feeds

# The Django admin's own sign-in knows no second factor and no rate limit: allauth's is used instead.
admin.site.login = pages.admin_sign_in  # type: ignore[method-assign]  # the admin signs in through our own page
admin.site.site_header = admin.site.site_title = "PRM administration"
# What others register could be changed there without a trace, and second factors be read.
admin.site.unregister((Authenticator, EmailAddress, Group))

urlpatterns = [
    path("", pages.home, name="home"),
    path("go/", palette.palette, name="palette"),
    path("sw.js", offline.service_worker, name="service-worker"),
    path("manifest.webmanifest", offline.manifest, name="manifest"),
    path("shell/<slug:name>/", offline.shell_page, name="shell"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("account/", include("allauth.urls")),
    path("people/", include("accounts.urls")),
    path("bulk/", include("bulk.urls")),
    path("notices/", include("notices.urls")),
    path("territories/", include("planning.urls")),
    path("territories/", include("territories.urls")),
    path("contacts/", include("contacts.urls")),
    path("comments/", include("comments.urls")),
    path("introductions/", include("introductions.urls")),
    path("directory/", include("directory.urls")),
    path("concerns/", include("concerns.urls")),
    path("spend/", include("compliance.urls")),
    path("referrals/", include("referrals.urls")),
    path("visits/", include("visits.urls")),
    path("events/", include("events.urls")),
    path("reports/", include("reports.urls")),
    path("api/session/", session, name="session"),
    path("calendar/<str:token>.ics", feeds.calendar, name="calendar"),
    path("answer/<str:token>/", public.answer, name="event-answer"),
    path("door/<str:token>/", public.door, name="event-door"),
    path("api/v1/", include("prm.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/", pages.api_docs, name="api-docs"),
    path("setup/", include("setup.urls")),
    path("approvals/", pages.approvals, name="approvals"),
    path("settings/", pages.settings_index, name="settings"),
    path("styleguide/", styleguide, name="styleguide"),
    path("admin/", admin.site.urls),
]

handler400 = "prm.pages.bad_request"
handler403 = "prm.pages.permission_denied"
handler404 = "prm.pages.not_found"
handler500 = "prm.pages.server_error"
