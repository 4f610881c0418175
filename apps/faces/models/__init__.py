"""Whose face it is, how it was checked, and what was shown meanwhile: all of it encrypted."""

from apps.faces.models.attempts import Attempt, AuditPicture, Channel, Look, Outcome, Review, Ruling
from apps.faces.models.challenges import Challenge, Picture, PictureKind, Purpose
from apps.faces.models.manual import ManualCheck, ManualRuling, Why
from apps.faces.models.templates import Consent, PersonKey, ProtectedFace, Template

__all__ = [
    "Attempt",
    "AuditPicture",
    "Challenge",
    "Channel",
    "Consent",
    "Look",
    "ManualCheck",
    "ManualRuling",
    "Outcome",
    "PersonKey",
    "Picture",
    "PictureKind",
    "ProtectedFace",
    "Purpose",
    "Review",
    "Ruling",
    "Template",
    "Why",
]
