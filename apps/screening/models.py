"""Watch-lists of others (sanctions, scams), kept version by version, and what was found on them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.fields import EncryptedTextField
from apps.core.ids import uuid7


class Category(models.TextChoices):
    SANCTIONS = "SANCTIONS", "sanctions"
    SCAM = "SCAM", "scams and stolen funds"
    LABEL = "LABEL", "who it belongs to, without blame"


class SubjectKind(models.TextChoices):
    PERSON = "PERSON", "person"
    ORGANISATION = "ORGANISATION", "organisation"
    VESSEL = "VESSEL", "vessel"
    AIRCRAFT = "AIRCRAFT", "aircraft"
    ADDRESS = "ADDRESS", "address"


class VersionState(models.TextChoices):
    LIVE = "LIVE", "live"
    RETIRED = "RETIRED", "replaced"
    REFUSED = "REFUSED", "refused"


class WatchList(models.Model):
    """A list that others keep: what it is about, where it stands, and how old it may become.

    Made by the first load. `live` is the version that every question is asked of; it changes in the
    transaction that wrote the version's records, so nobody ever sees half of one.
    """

    code = models.CharField(primary_key=True, max_length=40)
    name = models.CharField(max_length=120)
    format = models.CharField(max_length=20)
    category = models.CharField(max_length=10, choices=Category)
    max_age_hours = models.PositiveIntegerField(default=48)
    live = models.OneToOneField(
        "Version", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    swept = models.ForeignKey(
        "Version",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version that everybody we have was last compared with.",
    )
    sweeping = models.UUIDField(null=True, blank=True, help_text="The version that is swept now …")
    swept_to = models.UUIDField(null=True, blank=True, help_text="… and the last person done.")
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text="When a source last gave what is live."
    )
    failed_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.code


class Version(models.Model):
    """One load of a list: from where, how much of what, and what changed since the one before.

    Written once by the load; a refused one has no records. Only its state changes afterwards.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    watchlist = models.ForeignKey(WatchList, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=VersionState)
    loaded_at = models.DateTimeField()
    loaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    origin = models.CharField(max_length=300, help_text="The file or the URL.")
    sha256 = models.CharField(max_length=64)
    records = models.PositiveIntegerField()
    names = models.PositiveIntegerField()
    addresses = models.PositiveIntegerField()
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    reason = models.CharField(
        max_length=300, blank=True, help_text="Why it was refused, or taken all the same."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["watchlist", "number"], name="list_version_number"),
            models.UniqueConstraint(
                fields=["watchlist"], condition=models.Q(state="LIVE"), name="one_live_list_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.watchlist_id} {self.number}"


class Record(models.Model):
    """What a list says of one subject, from the version that brought it to the one that ended it.

    A subject that changed has a new row. `names` holds pairs of a text and what it is: PRIMARY,
    ALIAS or WEAK (an alias that the list itself calls weak).
    """

    id = models.BigAutoField(primary_key=True)
    watchlist = models.ForeignKey(WatchList, on_delete=models.PROTECT, related_name="records")
    ref = models.CharField(max_length=120, help_text="Its id on the list.")
    kind = models.CharField(max_length=12, choices=SubjectKind)
    category = models.CharField(max_length=10, choices=Category)
    names = models.JSONField(default=list)
    born = ArrayField(models.CharField(max_length=10), default=list)
    countries = ArrayField(models.CharField(max_length=2), default=list)
    programmes = ArrayField(models.CharField(max_length=120), default=list)
    digest = models.BinaryField(max_length=16)
    began = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    ended = models.ForeignKey(
        Version, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["watchlist", "ref"],
                condition=models.Q(ended=None),
                name="one_live_record",
            )
        ]

    def __str__(self) -> str:
        return f"{self.watchlist_id} {self.ref}"

    @property
    def caption(self) -> str:
        """What the list calls it."""
        return self.names[0][0] if self.names else self.ref


class ListedAddress(models.Model):
    """An address of a record, under a key that all its spellings share (apps.core.addresses)."""

    id = models.BigAutoField(primary_key=True)
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="addresses")
    key = models.CharField(max_length=210)
    written = models.CharField(max_length=200)
    chain = models.CharField(max_length=20, blank=True)
    is_live = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "listed addresses"
        indexes = [
            models.Index(fields=["key"], condition=models.Q(is_live=True), name="listed_address")
        ]

    def __str__(self) -> str:
        return self.key


class NameIndex(models.Model):
    """A part of the index in which a version's names are found; made with it, dropped after it."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="index")
    place = models.PositiveIntegerField()
    body = models.BinaryField()

    class Meta:
        verbose_name_plural = "name indexes"
        constraints = [models.UniqueConstraint(fields=["version", "place"], name="name_index_part")]


class Role(models.TextChoices):
    LEGAL_NAME = "LEGAL_NAME", "verified name"
    HOLDER = "HOLDER", "holder of a payment account"
    BENEFICIARY = "BENEFICIARY", "recipient of a withdrawal"
    PAYS_TO = "PAYS_TO", "address that is paid to"
    PAID_BY = "PAID_BY", "address that a deposit came from"


class HitState(models.TextChoices):
    OPEN = "OPEN", "to be looked at"
    CONFIRMED = "CONFIRMED", "confirmed"
    CLEARED = "CLEARED", "another person"


class Hit(models.Model):
    """Something of one of our people that is, or may be, on a list.

    Written by the deed at which it turned up, or by the screening after a list changed; decided by
    staff, once. `explanation` says which words matched how: it holds the person's own name and is
    sealed. A cleared hit keeps its record quiet for this person until `quiet_until`, or until the
    record changes.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="list_hits"
    )
    role = models.CharField(max_length=12, choices=Role)
    about = models.UUIDField(null=True, blank=True, help_text="The account, entry, deposit …")
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="hits")
    score = models.FloatField(help_text="0 to 1; an address is 1.")
    explanation = EncryptedTextField(null=True)
    at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=HitState, default=HitState.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    quiet_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "about", "record"],
                condition=models.Q(state="OPEN"),
                nulls_distinct=False,
                name="one_open_hit",
            ),
            models.CheckConstraint(
                condition=models.Q(state="OPEN", decided_at=None)
                | (
                    ~models.Q(state="OPEN")
                    & models.Q(decided_at__isnull=False, decided_by__isnull=False)
                    & ~models.Q(reason="")
                ),
                name="hit_decided_says_why",
            ),
        ]
        indexes = [models.Index(fields=["user", "state"], name="hit_of_user")]

    def __str__(self) -> str:
        return f"{self.role} {self.state}"
