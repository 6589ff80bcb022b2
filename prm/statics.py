"""Static files as they are deployed: our own scripts and styles as the front end's build shortened them, then hashed and compressed."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

SHORT = "vendor/short/"  # static_src/build.mjs


class Storage(CompressedManifestStaticFilesStorage):
    """A phone's first visit carries less; while developing, files are served as written."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Any:
        """As WhiteNoise does, with the short text of what has one, under the name of the long one."""
        for short in [name for name in paths if name.startswith(SHORT)]:
            paths[short.removeprefix(SHORT)] = paths.pop(short)
        return super().post_process(paths, dry_run, **options)
