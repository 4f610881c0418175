"""The machine of a face check: from the challenge to its judgement."""

from django.db import models

from apps.core.machines import machine


class ChallengeState(models.TextChoices):
    OPEN = "OPEN", "taking pictures"
    FINISHED = "FINISHED", "being judged"
    JUDGED = "JUDGED", "judged"
    EXPIRED = "EXPIRED", "not finished in time"
    ABANDONED = "ABANDONED", "given up"


#: A nonce is used once: nothing leads back to OPEN.
CHALLENGE = machine(
    "face_challenge",
    "OPEN",
    OPEN="FINISHED EXPIRED ABANDONED",
    FINISHED="JUDGED",
)
