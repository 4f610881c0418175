from django.contrib import admin
from django.urls import include, path

from otcrisk import health

urlpatterns = [
    path("healthz", health.healthz),
    path("metrics", health.metrics),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
]
