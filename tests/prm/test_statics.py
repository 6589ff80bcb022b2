"""What is deployed of our scripts and styles: shorter, under a name that changes with them, and saying the same."""

import json

from django.core.files.storage import FileSystemStorage
from django.test import override_settings

from prm.statics import Storage

SCRIPT = """// Says who is there.
/* and keeps
   what is text */
const words = `a  // b
  c`;
export const found = (text) => /\\/\\*  \\*\\//.test(text) ? `${words}  ${text}` : "  // no comment";
"""


def test_comments_and_spaces_stay_at_home_and_texts_stay_as_they_are(tmp_path):
    sources, root = tmp_path / "sources", tmp_path / "root"
    (sources / "js").mkdir(parents=True)
    (sources / "vendor").mkdir()
    (sources / "js" / "a.js").write_text(SCRIPT)
    (sources / "vendor" / "b.js").write_text(SCRIPT)
    source = FileSystemStorage(sources)
    with override_settings(STATIC_ROOT=str(root)):
        storage = Storage(location=root)
        for name in ("js/a.js", "vendor/b.js"):
            storage.save(name, source.open(name))
        done = {name: hashed for name, hashed, _ in storage.post_process({name: (source, name) for name in ("js/a.js", "vendor/b.js")})}
    short = (root / done["js/a.js"]).read_text()
    assert "Says who" not in short
    assert "and keeps" not in short
    assert "`a  // b\n  c`" in short
    assert "/\\/\\*  \\*\\//" in short
    assert '"  // no comment"' in short
    assert (root / done["vendor/b.js"]).read_text() == SCRIPT
    assert json.loads((root / "staticfiles.json").read_text())["paths"]["js/a.js"] == done["js/a.js"]
