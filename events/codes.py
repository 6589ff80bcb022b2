"""An address as a QR code, drawn as SVG without any style of its own: the page's style sheet gives its colors."""

import qrcode
from django.utils.html import format_html
from django.utils.safestring import SafeString


def svg_of(url: str) -> SafeString:
    """Dark modules as one path, on a light ground with the quiet zone of four modules that readers need."""
    made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    made.add_data(url)
    made.make(fit=True)
    matrix = made.get_matrix()
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, line in enumerate(matrix) for x, is_dark in enumerate(line) if is_dark
    )  # whole modules: they touch without gaps
    size = len(matrix)
    return format_html(
        '<svg class="qr" viewBox="0 0 {} {}" role="img" aria-label="Code to sign in" shape-rendering="crispEdges">'
        '<rect width="{}" height="{}" fill="#fff"></rect><path d="{}" fill="#000"></path></svg>',
        size, size, size, size, path,
    )  # fmt: skip
