"""URLs of visits."""

from django.urls import path

from visits.views import draws, follow_ups, hours, imports, log, pages, panels, targets, topics

app_name = "visits"

urlpatterns = [
    path("", pages.visit_list, name="list"),
    path("export/", pages.export, name="export"),
    path("log/", log.log, name="log"),
    path("plan/", log.plan, name="plan"),
    path("hours/", hours.working_hours, name="hours"),
    path("office/", log.office, name="office"),
    path("options/practices/", log.practice_options, name="practice-options"),
    path("options/people/", log.people_options, name="people-options"),
    path("<int:pk>/", pages.detail, name="detail"),
    path("<int:pk>/edit/", pages.edit, name="edit"),
    path("<int:pk>/missed/", pages.miss, name="miss"),
    path("<int:pk>/cancel/", pages.cancel, name="cancel"),
    path("<int:pk>/delete/", pages.delete, name="delete"),
    path("<int:pk>/restore/", pages.restore, name="restore"),
    path("follow-ups/", follow_ups.follow_up_list, name="follow-ups"),
    path("follow-ups/add/", follow_ups.add, name="follow-up-add"),
    path("follow-ups/<int:pk>/", follow_ups.change, name="follow-up"),
    path("follow-ups/<int:pk>/done/", follow_ups.done, name="follow-up-done"),
    path("follow-ups/<int:pk>/reopen/", follow_ups.reopen, name="follow-up-reopen"),
    path("draws/", draws.draws, name="draws"),
    path("draws/new/", draws.new, name="draw-new"),
    path("draws/<int:pk>/", draws.draw, name="draw"),
    path("draws/<int:pk>/plan/<str:month>/", draws.plan_month, name="draw-plan"),
    path("draws/<int:pk>/order.<slug:kind>", draws.export, name="draw-export"),
    path("import/", imports.import_file, name="import"),
    path("import/<int:pk>/", imports.import_result, name="import-result"),
    path("topics/", topics.topics, name="topics"),
    path("topics/<int:pk>/", topics.topic, name="topic"),
    path("targets/", targets.target_lists, name="target-lists"),
    path("targets/new/", targets.target_list_new, name="target-list-new"),
    path("targets/<int:pk>/", targets.target_list, name="target-list"),
    path("targets/<int:pk>/edit/", targets.target_list_edit, name="target-list-edit"),
    path("targets/<int:pk>/close/", targets.target_list_close, name="target-list-close"),
    path("targets/<int:pk>/add/", targets.target_add, name="target-add"),
    path("targets/<int:pk>/hand-over/", targets.target_hand_over, name="target-hand-over"),
    path("targets/<int:pk>/export.<slug:kind>", targets.target_export, name="target-export"),
    path("targets/hand-overs/<int:pk>/take-back/", targets.target_take_back, name="target-take-back"),
    path("targets/entries/<int:pk>/drop/", targets.target_drop, name="target-drop"),
    path("targets/entries/<int:pk>/bring-back/", targets.target_bring_back, name="target-bring-back"),
    path("practices/<int:pk>/panel/", panels.practice_panel, name="practice-panel"),
    path("providers/<int:pk>/panel/", panels.provider_panel, name="provider-panel"),
    path("providers/<int:pk>/sum/", panels.provider_sum, name="provider-sum"),
]
