import os

from otcrisk import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otcrisk.settings")
os.environ.setdefault("OMP_NUM_THREADS", "1")
embedded.start()

from django.core.asgi import get_asgi_application  # noqa: E402  the servers come first

from otcrisk.checks import refuse_unsafe_production  # noqa: E402

application = get_asgi_application()
refuse_unsafe_production()
