"""The organization's logo: drawn anew from PNG or SVG, on PDFs and printed pages, for nobody outside; hostile files end in a sentence."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin
from pypdf import PdfReader

from accounts.models import Logo
from audit.models import AuditEvent
from common import logos
from common.exceptions import InputError
from common.logos import draw_logo
from compliance.queries import statement_of
from compliance.statements import as_paper
from compliance.statements import pdf_bytes as statement_pdf
from reports.exports.document import Document, Text
from reports.exports.pdf import pdf_bytes

URL = "/setup/organization/logo/"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 50">{}<rect width="200" height="50" fill="#0b5c9e"/></svg>'


def png(wide=400, high=100, color=(11, 92, 158, 255), **more):
    kept = io.BytesIO()
    Image.new("RGBA", (wide, high), color).save(kept, "PNG", **more)
    return kept.getvalue()


def svg(inside="", **more):
    return SVG.format(inside).encode()


def send(client, data, name="mark.png"):
    return client.post(URL, {"file": SimpleUploadedFile(name, data)})


def test_a_png_is_drawn_anew_small_and_without_what_was_hidden_in_it():
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", "Somebody")
    drawn = draw_logo(png(1600, 400, pnginfo=told) + b"<script>alert(1)</script>")
    assert (drawn.width, drawn.height) == (800, 200)
    assert b"Somebody" not in drawn.png
    assert b"script" not in drawn.png
    assert Image.open(io.BytesIO(drawn.png)).getpixel((5, 5)) == (11, 92, 158, 255)


def test_an_svg_becomes_a_picture_of_its_shapes():
    drawn = draw_logo(b'<?xml version="1.0"?>\n' + svg())
    picture = Image.open(io.BytesIO(drawn.png))
    assert (drawn.width, drawn.height, picture.format) == (800, 200, "PNG")
    assert picture.getpixel((400, 100)) == (11, 92, 158, 255)


def test_empty_borders_are_cut_and_noise_is_kept_small():
    wide = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    wide.paste((200, 0, 0, 255), (100, 150, 300, 200))
    kept = io.BytesIO()
    wide.save(kept, "PNG")
    assert (draw_logo(kept.getvalue()).width, draw_logo(kept.getvalue()).height) == (200, 50)
    kept = io.BytesIO()
    Image.effect_noise((800, 240), 90).convert("RGBA").save(kept, "PNG")
    assert len(draw_logo(kept.getvalue()).png) <= logos.MOST_KEPT


USES = '<g id="a"><rect width="1" height="1"/></g>' + '<use href="#a"/>' * 21


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "neither a PNG nor an SVG"),
        (b"GIF89a...", "neither a PNG nor an SVG"),
        (b"%PDF-1.7", "neither a PNG nor an SVG"),
        (b"\x89PNG\r\n\x1a\nnothing", "damaged"),
        (png()[:60], "damaged"),
        (png(10_000, 3_000), "10,000 by 3,000 pixels"),
        (png(900, 3), "a mere line"),
        (png(color=(0, 0, 0, 0)), "everything in it is transparent"),
        (b"x" * (1 << 20) + b"y", "larger than 1 MB"),
        (b"<svg", "no well-formed XML"),
        (b"<?xml version='1.0'?><html/>", "no SVG picture"),
        (b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + svg(), "DOCTYPE"),
        (svg("<script>alert(1)</script>"), "more than shapes (<script>)"),
        (svg("<foreignObject/>"), "more than shapes (<foreignobject>)"),
        (svg('<image href="data:image/png;base64,AAAA"/>'), "more than shapes (<image>)"),
        (svg("<style>@import url(http://x)</style>"), "more than shapes (<style>)"),
        (svg('<filter id="f"/>'), "more than shapes (<filter>)"),
        (svg('<use href="http://x/y.svg#a"/>'), "outside of it"),
        (svg('<a xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="javascript:alert(1)"/>'), "outside of it"),
        (svg('<rect onclick="alert(1)"/>'), "more than shapes"),
        (svg('<rect fill="url(http://x/y)"/>'), "more than shapes"),
        (svg(USES), "too intricate"),
        (svg("<g/>" * 5001), "too intricate"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 100000"><rect width="1" height="9"/></svg>', "a mere line"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 50"></svg>', "everything in it is transparent"),
    ],
    ids=range(25),
)
def test_a_hostile_file_ends_in_a_sentence(data, said):
    with pytest.raises(InputError) as refusal:
        draw_logo(data)
    assert said in str(refusal.value)


def test_the_page_takes_a_logo_shows_it_and_takes_it_off_and_back(as_, world):
    client = as_("ada")
    assert "No logo yet" in client.get(URL).content.decode()
    assert "print-head" not in client.get("/visits/").content.decode()
    answer = send(client, b"GIF89a", "mark.gif")
    assert answer.status_code == 422
    assert "neither a PNG nor an SVG" in answer.content.decode()
    send(client, png())
    first = Logo.objects.get()
    shown = client.get(f"/people/logo/{first.pk}.png")
    assert (shown.status_code, shown["Content-Type"], shown.content) == (200, "image/png", bytes(first.png))
    assert "sandbox" in shown["Content-Security-Policy"]
    assert f'<div class="print-only print-head"><img src="/people/logo/{first.pk}.png"' in as_("nora").get("/visits/").content.decode()
    send(as_("ada"), svg(), "mark.svg")
    second = Logo.current()
    assert second.name == "mark.svg"
    as_("ada").post(f"{URL}{second.pk}/remove/")
    assert Logo.current() == first
    assert as_("ada").get(f"/people/logo/{second.pk}.png").status_code == 404
    assert "mark.svg was taken off" in as_("ada").get(URL).content.decode()
    as_("ada").post(f"{URL}{second.pk}/restore/")
    assert Logo.current() == second
    events = list(AuditEvent.objects.filter(event__startswith="logo.").order_by("pk").values_list("event", flat=True))
    assert events == ["logo.added", "logo.added", "logo.removed", "logo.restored"]


def test_nobody_outside_sees_it_and_only_an_admin_changes_it(as_, client, world):
    send(as_("ada"), png())
    mark = Logo.objects.get()
    client.logout()
    assert client.get(f"/people/logo/{mark.pk}.png").status_code == 302
    for who in ("nora", "dana", "ivan", "elle"):
        assert as_(who).get(f"/people/logo/{mark.pk}.png").status_code == 200
        assert as_(who).get(URL).status_code == 403
        assert as_(who).post(f"{URL}{mark.pk}/remove/").status_code == 403


def pictures(pdf):
    return [(image.image.width, image.image.height) for page in PdfReader(io.BytesIO(pdf)).pages for image in page.images]


def test_reports_and_statements_have_it_at_the_top_once(world):
    drawn = draw_logo(png())
    document = Document(title="Leakage", scope="North", blocks=[Text("Nothing.")], organization="Riverbend")
    assert pictures(pdf_bytes(document)) == []
    with_logo = pdf_bytes(Document(title="Leakage", scope="North", blocks=[Text("Nothing.")], organization="Riverbend", logo=drawn.png))
    assert (400, 100) in pictures(with_logo)
    paper = as_paper(statement_of(world.north_provider, 2026))
    assert pictures(statement_pdf(paper)) == []
    assert (400, 100) in pictures(statement_pdf(paper, logo=drawn.png))


def test_a_finished_report_and_a_statement_take_the_logo_in_use(as_, world, run_jobs):
    send(as_("ada"), png())
    answer = as_("dana").get(f"/spend/physicians/{world.north_provider.pk}/statement/2026/pdf/")
    assert answer.status_code == 200
    assert (400, 100) in pictures(b"".join(answer.streaming_content) if answer.streaming else answer.content)
