"""URLs of events. Those that need no account stand in prm.urls: /answer/… and /door/…"""

from django.urls import path

from events.views import costs, door, guests, pages, papers

app_name = "events"

urlpatterns = [
    path("", pages.event_list, name="list"),
    path("calendar/", pages.month, name="calendar"),
    path("new/", pages.new, name="new"),
    path("files/events.<slug:kind>", pages.export, name="export"),
    path("<int:pk>/", pages.detail, name="detail"),
    path("<int:pk>/edit/", pages.edit, name="edit"),
    path("<int:pk>/held/", pages.held, name="held"),
    path("<int:pk>/cancel/", pages.cancel, name="cancel"),
    path("<int:pk>/restore/", pages.restore, name="restore"),
    path("<int:pk>/invite/", guests.invite, name="invite"),
    path("<int:pk>/invite/guest/", guests.invite_outside, name="invite-outside"),
    path("<int:pk>/guests/<int:guest>/withdraw/", guests.withdraw, name="withdraw"),
    path("<int:pk>/guests/<int:guest>/answer/", guests.answer, name="answer"),
    path("<int:pk>/door/", door.door, name="door"),
    path("<int:pk>/door/<int:guest>/here/", door.here, name="here"),
    path("<int:pk>/door/<int:guest>/not-here/", door.not_here, name="not-here"),
    path("<int:pk>/door/walk-in/", door.walk_in, name="walk-in"),
    path("<int:pk>/door/<int:guest>/match/", door.match, name="match"),
    path("<int:pk>/door/<int:guest>/unmatch/", door.unmatch, name="unmatch"),
    path("<int:pk>/code/", door.code, name="code"),
    path("<int:pk>/code/new/", door.code_new, name="code-new"),
    path("<int:pk>/attendance.<slug:kind>", papers.attendance, name="attendance"),
    path("<int:pk>/certificates.pdf", papers.certificates, name="certificates"),
    path("<int:pk>/cost/", costs.cost, name="cost"),
    path("<int:pk>/cost/<int:entry>/", costs.cost, name="cost-entry"),
    path("<int:pk>/cost/<int:entry>/cancel/", costs.cancel, name="cost-cancel"),
]
