"""The addresses of the API for integrators."""

from django.urls import path

from apps.api.v1.decide import decide

urlpatterns = [
    path("v1/decisions", decide, name="decisions"),
]
