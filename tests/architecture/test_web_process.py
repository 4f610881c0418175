"""A web process stays small and quick to start."""

import subprocess
import sys

import pytest
from django.conf import settings

SERVE_ONE_PAGE = """
import sys
from otcrisk.wsgi import application
from django.urls import get_resolver
get_resolver().url_patterns
get_resolver().reverse_dict
print(" ".join(sys.modules))
"""
# xgboost costs 3.9 s and 175 MB at import, face_recognition 3.6 s and 126 MB.
BATCH_ONLY = {"pandas", "xgboost", "face_recognition", "dlib", "numba", "scipy", "sklearn"}


@pytest.mark.django_db
def test_a_web_process_imports_nothing_that_only_batch_work_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVE_ONE_PAGE],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert BATCH_ONLY & set(done.stdout.split()) == set()
