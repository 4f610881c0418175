"""What two packages are told of their looks and outputs; no knob of the environment is here."""

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

# The document of the API.
SPECTACULAR_SETTINGS = {
    "TITLE": "otcrisk",
    "DESCRIPTION": "For integrators: send what your users do, receive explained decisions. "
    "For people: trade on the desk, from a mobile app or a browser.",
    "VERSION": "1",
    "LICENSE": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "OAS_VERSION": "3.1.0",
    "ENUM_NAME_OVERRIDES": {
        "OrderStatus": "apps.trades.states.OrderStatus",
        "AdStatus": "apps.trades.states.AdStatus",
        "MessageKind": "apps.trades.models.MessageKind",
        "RestrictionKind": "apps.restrictions.models.Kind",
        "EntryKind": "apps.ledger.models.EntryKind",
        "Outcome": "apps.risk.models.Result",
        "AppealOutcome": "apps.trades.models.AppealOutcome",
        "EvidenceKind": "apps.trades.models.EvidenceKind",
        "AppealReason": "apps.trades.models.AppealReason",
        "AppealState": "apps.trades.states.AppealState",
        "AppealKind": "apps.trades.models.AppealKind",
        "RelationKind": "apps.trades.models.RelationKind",
        "WithdrawalStatus": "apps.trades.states.WithdrawalStatus",
        "DepositStatus": "apps.trades.states.DepositStatus",
        "FaceState": "apps.faces.states.ChallengeState",
        "FaceOutcome": "apps.faces.models.Outcome",
        "FacePurpose": "apps.faces.models.Purpose",
        "FacePictureKind": "apps.faces.models.PictureKind",
        "FaceManualReason": "apps.faces.models.Why",
        "Who": "apps.api.v1.desk.order_shapes.WHO",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.api.schema.complete",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# The console's theme for Django's admin.
UNFOLD = {
    "SITE_TITLE": "otcrisk",
    "SITE_HEADER": "otcrisk",
    "SITE_SUBHEADER": _("Records"),
    "SITE_URL": "/console/",
    "SITE_SYMBOL": "shield",
    "SITE_FAVICONS": [{"rel": "icon", "href": "data:,"}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    # Its own colours are written into each page, which the content security policy refuses.
    "STYLES": [lambda request: static("css/admin.css")],
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "apps.console.navigation.sidebar",
    },
}
