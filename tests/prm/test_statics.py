"""What is deployed of our scripts and styles: the short text, under a name that changes with it."""

import json

from django.core.files.storage import FileSystemStorage
from django.test import override_settings

from prm.statics import Storage


def test_the_short_text_is_deployed_under_the_name_of_the_long_one(tmp_path):
    sources, root = tmp_path / "sources", tmp_path / "root"
    texts = {"js/a.js": "// Says who.\nlet a = 1;\n", "vendor/short/js/a.js": "let a=1;", "vendor/b.js": "let b=1;"}
    for name, text in texts.items():
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / name).write_text(text)
    source = FileSystemStorage(sources)
    with override_settings(STATIC_ROOT=str(root)):
        storage = Storage(location=root)
        for name in texts:
            with source.open(name) as text:
                storage.save(name, text)
        done = {name: hashed for name, hashed, _ in storage.post_process({name: (source, name) for name in texts})}
    assert (root / done["js/a.js"]).read_text() == "let a=1;"
    assert (root / done["vendor/b.js"]).read_text() == "let b=1;"
    assert json.loads((root / "staticfiles.json").read_text())["paths"].keys() == {"js/a.js", "vendor/b.js"}


def test_every_script_and_style_of_ours_has_a_short_text(settings):
    static = settings.BASE_DIR / "static"
    ours = [path for folder in ("js", "css") for path in (static / folder).iterdir()]
    for path in ours:
        short = static / "vendor" / "short" / path.relative_to(static)
        assert 0 < short.stat().st_size < path.stat().st_size
