"""What a web process does not carry: libraries that only workers need are imported where they are used."""

import os
import subprocess
import sys

from django.conf import settings

FOR_WORKERS = ("duckdb", "networkx", "ortools", "pandas", "pptx", "pyarrow", "pyfixest", "scipy.stats", "typst")
WALK = f"""
import sys
import django
django.setup()
from django.urls import get_resolver
import prm.wsgi
assert get_resolver().url_patterns
print([name for name in {FOR_WORKERS!r} if name in sys.modules])
"""


def test_a_web_process_imports_nothing_that_only_workers_need():
    code = f"import sys; sys.path.insert(0, {str(settings.BASE_DIR)!r})\n{WALK}"
    known = {**os.environ, "DJANGO_SETTINGS_MODULE": "prm.settings"}
    done = subprocess.run([sys.executable, "-P", "-c", code], env=known, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
