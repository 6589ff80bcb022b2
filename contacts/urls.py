"""URLs of contacts, by what they are about."""

from django.urls import path

from contacts import territory_views
from contacts.views import aliases, alignments, duplicates, imports, organizations, practices, providers, search, tiers, visiting

app_name = "contacts"

urlpatterns = [
    path("search/", search.search, name="search"),
    path("providers/", providers.provider_list, name="providers"),
    path("providers/new/", providers.provider_new, name="provider-new"),
    path("providers/<int:pk>/", providers.provider_detail, name="provider"),
    path("providers/<int:pk>/edit/", providers.provider_edit, name="provider-edit"),
    path("providers/<int:pk>/practices/", providers.provider_affiliate, name="provider-affiliate"),
    path("providers/<int:pk>/alignment/", alignments.provider_align, name="provider-align"),
    path("affiliations/<int:pk>/end/", providers.affiliation_end, name="affiliation-end"),
    path("affiliations/<int:pk>/primary/", providers.affiliation_primary, name="affiliation-primary"),
    path("practices/", practices.practice_list, name="practices"),
    path("practices/tiers/", tiers.set_tiers, name="tiers"),
    path("practices/tiers/<int:pk>/undo/", tiers.undo_tiers, name="tiers-undo"),
    path("cadence/", tiers.cadence, name="cadence"),
    path("practices/new/", practices.practice_new, name="practice-new"),
    path("practices/<int:pk>/", practices.practice_detail, name="practice"),
    path("practices/<int:pk>/edit/", practices.practice_edit, name="practice-edit"),
    path("practices/<int:pk>/archive/", practices.practice_archive, name="practice-archive"),
    path("practices/<int:pk>/alignment/", alignments.practice_align, name="practice-align"),
    path("practices/<int:pk>/staff/", practices.staff_new, name="staff-new"),
    path("practices/<int:pk>/pin/", practices.pin, name="pin"),
    path("practices/<int:pk>/unpin/", practices.unpin, name="unpin"),
    path("practices/<int:pk>/visiting/", visiting.visiting, name="visiting"),
    path("practices/<int:pk>/map-pin/", visiting.map_pin, name="map-pin"),
    path("practices/<int:pk>/map-pin/lift/", visiting.map_pin_lift, name="map-pin-lift"),
    path("staff/<int:pk>/", practices.staff_edit, name="staff-edit"),
    path("organizations/", organizations.organization_list, name="organizations"),
    path("organizations/new/", organizations.organization_new, name="organization-new"),
    path("organizations/<int:pk>/", organizations.organization_detail, name="organization"),
    path("organizations/<int:pk>/edit/", organizations.organization_edit, name="organization-edit"),
    path("organizations/<int:pk>/alignment/", alignments.organization_align, name="organization-align"),
    path("alignments/<int:pk>/remove/", alignments.alignment_remove, name="alignment-remove"),
    path("specialties/", organizations.specialties, name="specialties"),
    path("specialties/<int:pk>/", organizations.specialty_edit, name="specialty-edit"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<int:pk>/", imports.import_result, name="import"),
    path("imports/<int:pk>/load/", imports.load_checked, name="import-load"),
    path("aliases/", aliases.alias_list, name="aliases"),
    path("aliases/<int:pk>/forget/", aliases.alias_forget, name="alias-forget"),
    path("duplicates/", duplicates.duplicates, name="duplicates"),
    path("duplicates/<slug:kind>/<int:first>/<int:second>/", duplicates.compare, name="duplicate"),
    path("duplicates/<slug:kind>/<int:first>/<int:second>/apart/", duplicates.apart, name="duplicate-apart"),
    path("merges/<slug:kind>/<int:pk>/undo/", duplicates.unmerge, name="unmerge"),
    path("territories/counts/", territory_views.territory_counts, name="territory-counts"),
    path("territories/preview/", territory_views.rule_preview, name="rule-preview"),
    path("territories/<int:pk>/", territory_views.territory_panel, name="territory-panel"),
]
