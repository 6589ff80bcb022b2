"""URLs of referrals."""

from django.urls import path

from referrals.views import feeds, imports, market, matching, payers, quality, rows, tie_out

app_name = "referrals"

urlpatterns = [
    path("", rows.referral_list, name="list"),
    path("export/", rows.export, name="export"),
    path("export/<slug:kind>/", rows.export, name="export"),
    path("lookup/", rows.lookup, name="lookup"),
    path("options/<slug:kind>/", rows.options, name="options"),
    path("<int:pk>/", rows.detail, name="detail"),
    path("<int:pk>/edit/", rows.edit, name="edit"),
    path("<int:pk>/corrections/<int:correction>/undo/", rows.undo_correction, name="undo-correction"),
    path("<int:pk>/delete/", rows.delete, name="delete"),
    path("imports/", imports.batch_list, name="batches"),
    path("imports/upload/", imports.upload, name="upload"),
    path("imports/<int:pk>/", imports.batch_detail, name="batch"),
    path("imports/<int:pk>/map/", imports.batch_map, name="batch-map"),
    path("imports/<int:pk>/progress/", imports.batch_progress, name="batch-progress"),
    path("imports/<int:pk>/check/", imports.batch_check, name="batch-check"),
    path("imports/<int:pk>/load/", imports.batch_load, name="batch-load"),
    path("imports/<int:pk>/discard/", imports.batch_discard, name="batch-discard"),
    path("imports/<int:pk>/undo/", imports.batch_undo, name="batch-undo"),
    path("imports/<int:pk>/mended/", imports.batch_mended, name="batch-mended"),
    path("imports/<int:pk>/rejects/", imports.rejects, name="rejects"),
    path("imports/market/", market.market_files, name="market"),
    path("imports/market/<int:pk>/", market.market_file, name="market-file"),
    path("imports/market/<int:pk>/load/", market.market_load, name="market-load"),
    path("imports/market/<int:pk>/undo/", market.market_undo, name="market-undo"),
    path("imports/market/<int:pk>/rejects/", market.market_rejects, name="market-rejects"),
    path("feeds/", feeds.source_list, name="sources"),
    path("feeds/<int:pk>/", feeds.source_detail, name="source"),
    path("feeds/<int:pk>/mapping/", feeds.source_mapping, name="source-mapping"),
    path("feeds/<int:pk>/mapping/upload/", feeds.source_mapping_upload, name="source-mapping-upload"),
    path("feeds/<int:pk>/mapping/<int:number>/", feeds.mapping_version, name="mapping-version"),
    path("feeds/<int:pk>/tie-out/", tie_out.tie_out_page, name="tie-out"),
    path("feeds/<int:pk>/tie-out/counts/", tie_out.totals, name="totals"),
    path("feeds/<int:pk>/quality/", quality.quality_page, name="quality"),
    path("matching/", matching.queue, name="matching"),
    path("matching/progress/", matching.progress, name="matching-progress"),
    path("matching/decide/", matching.decide, name="matching-decide"),
    path("matching/undo/<int:pk>/", matching.undo, name="matching-undo"),
    path("matching/new/", matching.create, name="matching-new"),
    path("providers/<int:pk>/sum/", matching.provider_sum, name="provider-sum"),
    path("payers/", payers.payers, name="payers"),
    path("payers/<int:pk>/", payers.payer, name="payer"),
    path("payers/<int:pk>/merge/<int:into>/", payers.merge, name="payer-merge"),
    path("payers/<int:pk>/part/", payers.part, name="payer-part"),
    path("rules/", feeds.rules, name="rules"),
]
