"""URLs of territory planning; they begin with territories/, as those of the tree do."""

from django.urls import path

from planning.views import field_map, files, handovers, outlines, rules, splits

app_name = "planning"

urlpatterns = [
    path("map/", field_map.field_map, name="map"),
    path("map/changes/<int:pk>/undo/", field_map.undo, name="change-undo"),
    path("map/outlines/", outlines.outlines, name="outlines"),
    path("map/outlines/loads/<int:pk>/", outlines.load, name="outlines-load"),
    path("map/outlines/<int:pk>/undo/", outlines.undo, name="outlines-undo"),
    path("splits/", splits.splits, name="splits"),
    path("splits/<int:pk>/", splits.split, name="split"),
    path("splits/<int:pk>/accept/", splits.accept, name="split-accept"),
    path("overlaps/", rules.overlaps, name="overlaps"),
    path("<int:pk>/rules/", rules.more_rules, name="rules"),
    path("rules/<int:pk>/drop/", rules.drop, name="rule-drop"),
    path("handovers/", handovers.handovers, name="handovers"),
    path("handovers/waiting/", handovers.waiting_panel, name="waiting-panel"),
    path("handovers/new/", handovers.propose, name="propose"),
    path("handovers/<int:pk>/", handovers.handover, name="handover"),
    path("handovers/<int:pk>/approve/", handovers.approve, name="handover-approve"),
    path("handovers/<int:pk>/decline/", handovers.decline, name="handover-decline"),
    path("handovers/<int:pk>/withdraw/", handovers.withdraw, name="handover-withdraw"),
    path("handovers/<int:pk>/undo/", handovers.undo, name="handover-undo"),
    path("files/handovers.<slug:kind>", files.handovers, name="handovers-file"),
    path("files/splits.<slug:kind>", files.splits, name="splits-file"),
    path("files/overlaps.<slug:kind>", files.overlaps, name="overlaps-file"),
    path("leavers/<int:pk>/", handovers.leaver, name="leaver"),
    path("leavers/<int:pk>/panel/", handovers.leaver_panel, name="leaver-panel"),
    path("leavers/undo/<int:pk>/", handovers.undo_leaver, name="leaver-undo"),
]
