"""Proofs of who somebody is, field by field."""

from typing import Any

from rest_framework import serializers as s

from apps.flows.proofs import WAYS


class ProveWithField(s.ListField):
    """How the person it waits for may prove themselves."""

    def __init__(self, **words: Any) -> None:
        help_text = (
            "How you may prove yourself, the best way first; empty where you are not asked. FACE: "
            "POST /face/challenges; SECOND_FACTOR: POST /proofs; ENROL: set up your face, for the "
            "next time; MANUAL: POST /face/manual."
        )
        super().__init__(child=s.ChoiceField(choices=WAYS), help_text=help_text, **words)
