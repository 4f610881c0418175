from django.urls import path

from apps.web import device, privacy

urlpatterns = [
    path("device", device.register, name="device"),
    path("privacy", privacy.page, name="privacy"),
    path("privacy/export", privacy.export, name="privacy_export"),
    path("privacy/erase", privacy.erase, name="privacy_erase"),
]
