"""The API's document as YAML and as a page, for everybody who wants to integrate."""

from typing import Any

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny


class Document(SpectacularAPIView):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]


class Page(SpectacularSwaggerSplitView):
    # Its script comes from an address of its own: the page needs no inline script.
    url_name = "api-document"
    template_name = "api/docs.html"
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
