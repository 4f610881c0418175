from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from apps.users import views as users
from otcrisk import health

urlpatterns = [
    path("healthz", health.healthz),
    path("healthz/lists", health.lists),
    path("metrics", health.metrics),
    path("admin/login/", users.admin_sign_in),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("console/", include("apps.console.urls")),
    # One home for staff: the admin's own index would be a second one.
    path("admin/", RedirectView.as_view(pattern_name="console:home")),
    path("admin/", admin.site.urls),
    path("api/", include("apps.api.urls")),
    path("", include("apps.web.urls")),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
]
