"""The addresses of the desk for people."""

from django.urls import path

from apps.api.v1.desk import accounts, ads, catalogue, me, notices, orders, proofs, talk, wallet

urlpatterns = [
    path("catalogue", catalogue.Catalogue.as_view()),
    path("rules", catalogue.Rules.as_view()),
    path("me", me.Me.as_view()),
    path("me/limits", me.Limits.as_view()),
    path("me/restrictions", me.MyRestrictions.as_view()),
    path("me/devices", me.Devices.as_view()),
    path("me/sessions", me.Sessions.as_view()),
    path("notices", notices.Notices.as_view()),
    path("notices/read", notices.NoticesRead.as_view()),
    path("proofs", proofs.Proofs.as_view()),
    path("accounts", accounts.Accounts.as_view()),
    path("accounts/<uuid:id>", accounts.OneAccount.as_view()),
    path("ads", ads.DeskAds.as_view()),
    path("ads/<uuid:id>", ads.OneAd.as_view()),
    path("ads/<uuid:id>/pause", ads.PauseAd.as_view()),
    path("ads/<uuid:id>/resume", ads.ResumeAd.as_view()),
    path("ads/<uuid:id>/close", ads.CloseAd.as_view()),
    path("orders", orders.Orders.as_view()),
    path("orders/<uuid:id>", orders.OneOrder.as_view()),
    path("orders/<uuid:id>/pay", orders.PayOrder.as_view()),
    path("orders/<uuid:id>/cancel", orders.CancelOrder.as_view()),
    path("orders/<uuid:id>/wish-cancel", orders.WishCancelOrder.as_view()),
    path("orders/<uuid:id>/release", orders.ReleaseOrder.as_view()),
    path("orders/<uuid:id>/messages", talk.Lines.as_view()),
    path("orders/<uuid:id>/files", talk.Files.as_view()),
    path("orders/<uuid:id>/files/<uuid:file>", talk.OneFile.as_view()),
    path("orders/<uuid:id>/read-mark", talk.ReadTo.as_view()),
    path("wallet/balances", wallet.Balances.as_view()),
    path("wallet/statement", wallet.Statement.as_view()),
]
