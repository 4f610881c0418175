from django.urls import path

from apps.web import account, device, market, packs, privacy, shell

urlpatterns = [
    path("", shell.home, name="home"),
    path("web/preferences", shell.preferences, name="preferences"),
    path("web/device", device.register, name="device"),
    path("web/privacy", privacy.page, name="privacy"),
    path("web/privacy/export", privacy.export, name="privacy_export"),
    path("web/privacy/erase", privacy.erase, name="privacy_erase"),
    path(".well-known/otcrisk-pack-keys.json", packs.keys, name="pack_keys"),
    path("orders/<uuid:id>/pack.pdf", packs.download, {"form": "pdf"}, name="pack_pdf"),
    path("orders/<uuid:id>/pack.json", packs.download, {"form": "json"}, name="pack_json"),
    path("account/", account.account, name="account"),
    path("market/", market.market, name="market"),
]
