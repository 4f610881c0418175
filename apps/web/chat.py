"""The chat of an order: lines as their reader sees them, writing, files."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from apps.core import clock
from apps.core.errors import Refused
from apps.flows import chat
from apps.trades import files
from apps.trades.models import Attachment, Message, Order
from apps.trades.queries import orders as orders_of
from apps.trades.services.talk import LONGEST
from apps.users.models import User
from apps.web import room as rooms
from apps.web import wording
from apps.web.pages import page, refusals_in, trader

#: Nothing in a file of a stranger may act, wherever it is opened.
FILE_POLICY = "default-src 'none'; sandbox"


class Say(forms.Form):
    """A line of the chat, a file, or both."""

    text = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        strip=True,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )
    file = forms.FileField(
        label=gettext_lazy("Picture or PDF"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/*,application/pdf"}),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line as its reader sees it: whose it is, and its words in their language."""

    seq: int
    whose: str
    who: str
    text: str
    at: datetime
    attachment: Attachment | None

    @classmethod
    def of(cls, message: Message, *, viewer: User, other: User) -> "Line":
        """The line for this reader; `whose` is mine, theirs or desk."""
        if message.sender_id is None:
            names = {str(one.pk): one.nickname for one in (viewer, other)}
            return cls(message.seq, "desk", "", wording.line(message, names), message.at, None)
        mine = message.sender_id == viewer.pk
        return cls(
            seq=message.seq,
            whose="mine" if mine else "theirs",
            who=(viewer if mine else other).nickname,
            text=message.body or "",
            at=message.at,
            attachment=message.attachment,
        )


@require_POST
@page
def say(request: HttpRequest, id: UUID) -> HttpResponse:
    """Write a line or send a file; a part of the page for HTMX, else back to the room."""
    viewer, at = trader(request), clock.now()
    order = orders_of.order_for(viewer, id)
    form = Say(request.POST, request.FILES)
    done = False
    if form.is_valid():
        with refusals_in(form):
            _send(form, viewer, order, at=at)
            done = True
    if not request.headers.get("HX-Request"):
        if done:
            return redirect(f"{reverse('order', args=[id])}#say")
        return render(request, "web/order/say.html", {"form": form, "order": order}, status=422)
    after = request.POST.get("after", "")
    messages = rooms.lines_after(order, int(after)) if done and after.isdecimal() else []
    other = order.seller if viewer.pk == order.buyer_id else order.buyer
    context = {
        "order": order,
        "form": Say() if done else form,
        "done": done,
        "lines": [Line.of(one, viewer=viewer, other=other) for one in messages],
        "last": messages[-1].seq if messages else after,
        "state": request.POST.get("state", ""),
    }
    return render(request, "web/order/_said.html", context)


@require_safe
@page
def file(request: HttpRequest, id: UUID, file: UUID) -> HttpResponse:
    """A file of an order, for its parties: shown where it is a picture, else saved."""
    viewer = trader(request)
    found = chat.attachment_for(viewer, orders_of.order_for(viewer, id), file)
    if found.content is None:
        raise Refused("FILE_ERASED", 410, "This file was erased.")
    return served(found)


def served(found: Attachment) -> HttpResponse:
    """The bytes of a file with everything that keeps a browser from running them."""
    response = HttpResponse(bytes(found.content or b""), content_type=found.content_type)
    shown = "inline" if found.kind == "IMAGE" else "attachment"
    ending = found.content_type.rpartition("/")[2]
    response["Content-Disposition"] = f'{shown}; filename="{found.pk.hex[-8:]}.{ending}"'
    response["Content-Security-Policy"] = FILE_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _send(form: Say, viewer: User, order: Order, *, at: datetime) -> None:
    text, sent = form.cleaned_data["text"], form.cleaned_data["file"]
    if sent is None:
        chat.say(actor=viewer, order=order, text=text, at=at)
        return
    if sent.size > files.MOST_BYTES:
        sentence = _("This file is too large: at most %(n)s MB.") % {
            "n": files.MOST_BYTES // files.MEGABYTE
        }
        raise Refused("FILE_TOO_LARGE", 413, sentence, {"file": [sentence]})
    chat.send_file(actor=viewer, order=order, data=sent.read(), text=text, at=at)
