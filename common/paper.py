"""A PDF from a typst template and JSON: tagged for screen readers, with the fonts of its wheel, the same bytes for the same content."""

import json
from pathlib import Path
from typing import Any


def pdf(template: Path, name: str, content: Any) -> bytes:
    """The template, which reads `content` as `json(bytes(sys.inputs.NAME))`. Checked by typst against PDF/UA-1."""
    import typst  # noqa: PLC0415 - 30 MB that only who prints needs

    made: bytes = typst.compile(
        template.read_bytes(), sys_inputs={name: json.dumps(content)}, ignore_system_fonts=True, pdf_standards=["ua-1"], timestamp=0
    )
    return made


def png(svg: str, *, width_pt: float = 480, ppi: float = 144) -> bytes:
    """An SVG drawing as a picture, with the fonts of typst's wheel: the same bytes for the same drawing."""
    import typst  # noqa: PLC0415 - as above

    page = f'#set page(width: {width_pt}pt, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.svg), format: "svg", width: 100%)\n'
    made: bytes = typst.compile(page.encode(), sys_inputs={"svg": svg}, ignore_system_fonts=True, format="png", ppi=ppi)
    return made
