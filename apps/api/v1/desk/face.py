"""One's face: consent, checks from the first prompt to the result, and the way without a camera."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.desk.base import DeedThrottle, DeskView, TraderThrottle, deed, file_deed, polled
from apps.api.v1.desk.face_shapes import (
    ChallengeIn,
    ChallengeOut,
    ConsentIn,
    FaceCheckOut,
    FaceManualIn,
    FaceOut,
    FaceStateOut,
    FramesIn,
    FramesOut,
    challenge_words,
    face_words,
    prompt_words,
)
from apps.faces import queries
from apps.faces.engine.session import Step
from apps.faces.models import Purpose
from apps.faces.services.pictures import Sent
from apps.flows import face_manual, faces, proofs
from apps.flows.public_event import moment

MOST_BYTES_AT_ONCE = 4_500_000


class FrameThrottle(DeedThrottle):
    """Pictures come two or three times a second while a check runs."""

    scope = "desk.face"
    rate_per_s = 3.0
    burst = 60.0


class FaceView(DeskView):
    """What the views of one's face share."""

    def standing(self) -> dict[str, object]:
        """Where one stands."""
        return face_words(queries.standing(self.actor, at=self.at), actor=self.actor)


class Face(FaceView):
    """One's face on this desk."""

    @extend_schema(
        operation_id="read_face",
        summary="Where you stand with face checks, and what you would agree to",
        responses=FaceOut,
    )
    def get(self, request: Request) -> HttpResponse:
        return polled(request, self.standing())


class Consent(FaceView):
    """Whether one agrees."""

    @extend_schema(
        operation_id="agree_to_face_checks",
        summary="Agree to face checks",
        description="Show `wording_text` first. Agreeing anew changes `with_search`.",
        request=ConsentIn,
        responses=FaceOut,
    )
    @deed
    def post(self, request: Request) -> Response:
        faces.agree(actor=self.actor, **self.said(ConsentIn), at=self.at)
        return Response(self.standing())


class Forget(FaceView):
    """The consent taken back."""

    @extend_schema(
        operation_id="forget_face",
        summary="Take your consent back: your face is forgotten at once",
        description="Needs a proof of who you are: 403 CONFIRM_IDENTITY says where to give it.",
        request=None,
        responses=FaceOut,
    )
    @deed
    def post(self, request: Request) -> Response:
        faces.forget(actor=self.actor, confirmed=self.confirmed, at=self.at)
        return Response(self.standing())


class Manual(FaceView):
    """The way for whom the camera can't, or may not."""

    @extend_schema(
        operation_id="ask_for_a_check_by_hand",
        summary="Ask staff to check by hand",
        description="For whom has no camera, can't blink or turn, must not be flashed at, or is "
        "not recognised. Asking again while staff look changes nothing.",
        request=FaceManualIn,
        responses={201: FaceOut},
    )
    @deed
    def post(self, request: Request) -> Response:
        said = self.said(FaceManualIn)
        face_manual.ask(actor=self.actor, **said, request_facts=self.facts, at=self.at)
        return Response(self.standing(), status=201)


class Challenges(DeskView):
    """Checks begun."""

    @extend_schema(
        operation_id="begin_face_check",
        summary="Begin a face check",
        description="It lasts 120 seconds; one that was open is given up. ENROL and RENEW need a "
        "proof of who you are: 403 CONFIRM_IDENTITY says where to give it.",
        request=ChallengeIn,
        responses={201: ChallengeOut},
    )
    @deed
    def post(self, request: Request) -> Response:
        said = self.said(ChallengeIn)
        challenge = faces.begin(
            actor=self.actor,
            purpose=Purpose(said["purpose"]) if "purpose" in said else None,
            flashes=said["flashes"],
            without=frozenset(Step(one) for one in said["without"]),
            hints=said["hints"],
            confirmed=self.confirmed,
            request_facts=self.facts,
            at=self.at,
        )
        return Response(challenge_words(challenge, at=self.at), status=201)


class OneChallenge(DeskView):
    """A check and its result."""

    @extend_schema(
        operation_id="read_face_check",
        summary="A face check of yours, and its result",
        responses=FaceCheckOut,
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        challenge = queries.challenge_for(self.actor, id)
        attempt = getattr(challenge, "attempt", None)
        now = queries.standing(self.actor, at=self.at)
        went_on = proofs.went_on(attempt) if attempt else proofs.Proven([], [])
        return polled(
            request,
            {
                "id": str(challenge.pk),
                "purpose": challenge.purpose,
                "state": challenge.state,
                "outcome": attempt and attempt.outcome,
                "hint": attempt.hint if attempt else "",
                "attempts_left": now.attempts_left,
                "next_at": moment(now.next_at),
                "went_on": {
                    "orders": [str(one.pk) for one in went_on.orders],
                    "withdrawals": [str(one.pk) for one in went_on.withdrawals],
                },
            },
        )


class Frames(DeskView):
    """Pictures of a check."""

    throttle_classes = [TraderThrottle, FrameThrottle]
    max_body = MOST_BYTES_AT_ONCE

    @extend_schema(
        operation_id="send_face_pictures",
        summary="Send the next pictures of a check, and hear what to show",
        description="All of them are taken, or none. Two or three times a second is right.",
        request=FramesIn,
        responses=FramesOut,
    )
    @file_deed
    def post(self, request: Request, id: UUID) -> Response:
        sent = [Sent(**one) for one in self.said(FramesIn)["pictures"]]
        done = faces.take(actor=self.actor, challenge=id, sent=sent, at=self.at)
        return Response(
            {
                "frames": done.frames,
                "prompt": prompt_words(done.prompt) if done.prompt else None,
                "prompts_shown": len(done.challenge.released),
            }
        )


class Finish(DeskView):
    """Everything was shown."""

    @extend_schema(
        operation_id="finish_face_check",
        summary="Have a check judged",
        description="It takes seconds: poll the check once a second until it is JUDGED.",
        request=None,
        responses={202: FaceStateOut},
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        challenge = faces.finish(actor=self.actor, challenge=id, at=self.at)
        return Response({"state": challenge.state}, status=202)


class GiveUp(DeskView):
    """A check that somebody does not go on with."""

    @extend_schema(
        operation_id="give_up_face_check",
        summary="Give a check up: its pictures are gone",
        request=None,
        responses=FaceStateOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        challenge = faces.give_up(actor=self.actor, challenge=id, at=self.at)
        return Response({"state": challenge.state})
