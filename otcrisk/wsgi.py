import os

from otcrisk import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otcrisk.settings")
# xgboost-trained trees are walked with numpy: more threads per request only fight each other (0.8 ms → 6 ms).
os.environ.setdefault("OMP_NUM_THREADS", "1")
embedded.start()

from django.core.wsgi import get_wsgi_application  # noqa: E402  the servers come first

application = get_wsgi_application()
