"""The addresses of the API: for integrators, and for people."""

from django.urls import include, path

from apps.api.docs import Document, Page
from apps.api.v1.custody import Arrived, SentWithdrawal
from apps.api.v1.decide import decide
from apps.api.v1.decisions import OneDecision
from apps.api.v1.devices import Devices
from apps.api.v1.events import Events
from apps.api.v1.restrictions import Lift, Restrictions
from apps.api.v1.users import UserRisk
from apps.api.v1.webhooks import Deliveries, OneWebhook, Test, Webhooks

urlpatterns = [
    path("schema", Document.as_view(), name="api-document"),
    path("docs", Page.as_view(), name="api-docs"),
    path("v1/", include("apps.api.v1.desk.urls")),
    path("v1/decisions", decide),
    path("v1/decisions/<uuid:id>", OneDecision.as_view()),
    path("v1/events", Events.as_view()),
    path("v1/users/<str:ref>/risk", UserRisk.as_view()),
    path("v1/restrictions", Restrictions.as_view()),
    path("v1/restrictions/<uuid:id>/lift", Lift.as_view()),
    path("v1/devices", Devices.as_view()),
    path("v1/custody/deposits", Arrived.as_view()),
    path("v1/custody/withdrawals/<uuid:id>", SentWithdrawal.as_view()),
    path("v1/webhooks", Webhooks.as_view()),
    path("v1/webhooks/<uuid:id>", OneWebhook.as_view()),
    path("v1/webhooks/<uuid:id>/deliveries", Deliveries.as_view()),
    path("v1/webhooks/<uuid:id>/test", Test.as_view()),
]
