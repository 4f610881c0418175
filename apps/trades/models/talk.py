"""What the parties say and show each other: an immutable transcript, and files whose type is sure.

Bodies and files are encrypted. The engine reads none of it; a named agent does, in an appeal.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.fields import EncryptedBytesField, EncryptedTextField
from apps.core.ids import uuid7
from apps.trades.models.orders import Order


class Attachment(models.Model):
    """A file of an order: checked by content, re-encoded where it is an image, hashed.

    `sha256` is of what is kept, `original_sha256` of what was sent; `meta` has what the original
    said of itself (time, software, camera; never a place).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="attachments")
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=8, help_text="IMAGE, PDF or VIDEO.")
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    original_sha256 = models.CharField(max_length=64)
    phash = models.BigIntegerField(null=True, help_text="64 bits, for likeness of receipts.")
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    meta = models.JSONField(default=dict)
    content = EncryptedBytesField(null=True, help_text="Nothing once it was erased.")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["order", "id"], name="attachment_of_order"),
            models.Index(fields=["original_sha256"], name="attachment_same_file"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="attachment_is_final", exclude=["content"]),
            pgtrigger.Protect(name="attachment_stays_on_record", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class MessageKind(models.TextChoices):
    TEXT = "TEXT", "text"
    FILE = "FILE", "file"
    SYSTEM = "SYSTEM", "from the desk"


class Message(models.Model):
    """One line of an order's chat, numbered by the server, never changed and never deleted.

    `digest` chains it to the line before: sha256 over that digest and this line's number, sender,
    time, text and file. A SYSTEM line has a code and parameters instead of a text, so that each
    reader gets it in their own language.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="messages")
    seq = models.PositiveIntegerField()
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=6, choices=MessageKind)
    body = EncryptedTextField(null=True)
    code = models.CharField(max_length=40, blank=True)
    params = models.JSONField(default=dict)
    attachment = models.ForeignKey(
        Attachment, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "seq"], name="message_numbered_once"),
            models.CheckConstraint(
                condition=Q(kind="SYSTEM", sender=None) & ~Q(code="")
                | Q(kind__in=["TEXT", "FILE"], sender__isnull=False, code=""),
                name="message_is_somebodys_or_the_desks",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="message_is_final", exclude=["body"]),
            pgtrigger.Protect(name="message_stays_on_record", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"line {self.seq}"


class ReadMark(models.Model):
    """How far somebody has read an order's chat."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "reader"], name="one_read_mark")]

    def __str__(self) -> str:
        return f"read to {self.seq}"


class Notice(models.Model):
    """Something that a person should know of: a code, and ids and amounts to tell it with.

    Written in the transaction of the deed; shown under the bell, mailed or pushed by the outbox.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices"
    )
    code = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_of_user"),
            models.Index(
                fields=["at"], name="notice_to_mail", condition=Q(read_at=None, mailed_at=None)
            ),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at=None)),
        ]

    def __str__(self) -> str:
        return self.code
