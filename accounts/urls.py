"""URLs of people, one's own account, the audit trail and the progress of work."""

from django.urls import path

from accounts import saved_views, views

app_name = "accounts"

urlpatterns = [
    path("", views.people, name="people"),
    path("invite/", views.invite, name="invite"),
    path("me/", views.profile, name="profile"),
    path("logo/<int:pk>.png", views.logo, name="logo"),
    path("roles/", views.roles, name="roles"),
    path("audit/", views.audit, name="audit"),
    path("views/", saved_views.save, name="view-save"),
    path("views/<int:pk>/", saved_views.edit, name="view-edit"),
    path("views/<int:pk>/update/", saved_views.update, name="view-update"),
    path("views/<int:pk>/delete/", saved_views.delete, name="view-delete"),
    path("views/<int:pk>/restore/", saved_views.restore, name="view-restore"),
    path("<int:pk>/", views.person, name="person"),
    path("<int:pk>/link/", views.renew, name="renew"),
    path("<int:pk>/active/", views.set_active, name="set-active"),
    path("<int:pk>/second-factor/", views.forget_second_factor, name="forget-second-factor"),
    path("work/<int:pk>/", views.job, name="job"),
    path("work/<int:pk>/cancel/", views.cancel_job, name="cancel-job"),
]
