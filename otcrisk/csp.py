"""One strict content security policy; the admin theme alone may evaluate expressions."""

from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase


class ContentSecurityPolicy(CSPMiddleware):
    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith("/admin/"):  # Unfold is built on Alpine.js
            parts.update = {"script-src": ["'unsafe-eval'"]} | (parts.update or {})
        return parts
