"""The API's URL map: one router, filled by the apps' `api` packages."""

from rest_framework.routers import DefaultRouter

from bulk.api import views as bulk
from comments.api import views as comments
from compliance.api import views as compliance
from concerns.api import views as concerns
from contacts.api import views as contacts
from directory.api import views as directory
from events.api import views as events
from introductions.api import views as introductions
from notices.api import views as notices
from planning.api import views as planning
from referrals.api import views as referrals
from reports.api import views as reports
from territories.api import views as territories
from visits.api import views as visits

router = DefaultRouter()
for app in (
    contacts,
    concerns,
    compliance,
    referrals,
    visits,
    events,
    territories,
    reports,
    notices,
    comments,
    introductions,
    planning,
    directory,
    bulk,
):
    for prefix, viewset in app.VIEWSETS.items():
        router.register(prefix, viewset, basename=prefix)

urlpatterns = router.urls
