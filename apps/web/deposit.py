"""Where one's deposits arrive, as text and as a code to scan, and what has arrived."""

import base64
from io import BytesIO

import qrcode
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from qrcode.image.svg import SvgPathImage

from apps.core import clock
from apps.core.errors import Refused
from apps.flows import deposits
from apps.ledger.models import Asset
from apps.trades.models import DepositAddress
from apps.trades.queries import wallet
from apps.web.pages import page, trader

RECENT = 20


@require_http_methods(["GET", "POST"])
@page
def deposit(request: HttpRequest) -> HttpResponse:
    """The address of a network; it is given out when somebody first asks for it."""
    user = trader(request)
    assets = list(Asset.objects.filter(is_active=True).order_by("code"))
    asset = _asset(request, assets)
    if request.method == "POST":
        deposits.address_of(actor=user, network=asset.network, at=clock.now())
        return redirect(f"{reverse('deposit')}?asset={asset.code}")
    address = DepositAddress.objects.filter(user=user, network=asset.network).first()
    context = {
        "asset": asset,
        "assets": assets,
        "address": address,
        "code": code_of(address.address) if address else "",
        "kin": [one for one in assets if one.network == asset.network and one != asset],
        "deposits": wallet.deposits_of(user)[:RECENT],
    }
    return render(request, "web/wallet/deposit.html", context)


def code_of(text: str) -> str:
    """A QR code of the text as an image that a page can carry: a data address of SVG."""
    drawn = BytesIO()
    qrcode.make(text, image_factory=SvgPathImage, border=2).save(drawn)
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.getvalue()).decode()}"


def _asset(request: HttpRequest, assets: list[Asset]) -> Asset:
    code = request.POST.get("asset") or request.GET.get("asset") or ""
    found = next((one for one in assets if one.code == code), None)
    if found is None and not code and assets:
        return assets[-1]
    if found is None:
        raise Refused("UNKNOWN_ASSET", 404, str(_("There is no such asset.")))
    return found
