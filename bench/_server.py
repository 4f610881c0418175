"""The desk's own server with one more address, /bench/floor: one insert, one commit."""

import os

import _start  # noqa: F401

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otcrisk.settings")

from django.conf import settings

settings.ROOT_URLCONF = "_urls"

from otcrisk.wsgi import application  # noqa: E402, F401
