"""The words of face checks: what is asked, what would help, how it ended."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

STEPS = {
    "LOOK": _("Look straight into the camera"),
    "LEFT": _("Turn your head to the left, then back"),
    "RIGHT": _("Turn your head to the right, then back"),
    "UP": _("Lift your chin, then look straight again"),
    "DOWN": _("Lower your chin, then look straight again"),
    "BLINK_TWICE": _("Blink twice"),
    "TILT": _("Lean your head to one shoulder, then back"),
    "COLOURS": _("Hold still and look at the screen"),
}
#: What somebody may be unable to do; at least a turn and two more have to be left.
MOVEMENTS = {
    "BLINK_TWICE": _("I can't blink both eyes."),
    "UP": _("I can't lift my chin."),
    "DOWN": _("I can't lower my chin."),
    "TILT": _("I can't lean my head."),
}
HINTS = {
    "COME_CLOSER": _("Come closer."),
    "GO_BACK": _("Move back a little."),
    "MORE_LIGHT": _("More light, please: turn towards a lamp or a window."),
    "FIND_SHADE": _("Too much light. Find some shade, or turn away from the window."),
    "HOLD_STILL": _("Hold still."),
    "WIPE_LENS": _("The picture is blurred. Wipe the lens."),
    "CENTRE_FACE": _("Bring your whole face into the oval."),
    "BE_ALONE": _("Only one person, please."),
    "FOLLOW_PROMPTS": _("Do what is asked when it is asked, not before."),
    "UNCOVER_FACE": _("Take off what covers your face: cap, mask, glasses, hair."),
    "BLINK": _("Blink now and then, as you usually do."),
    "LEAVE_WALL": _("Step away from the wall behind you."),
    "TURN_FURTHER": _("Turn your head a little further."),
    "TURN_SLOWLY": _("Turn your head more slowly."),
    "TRY_AGAIN": _("That did not work. Please try again."),
}
OUTCOMES: dict[str, tuple[Any, Any, bool]] = {
    "PASS": (_("Thank you, it is you"), _("What waited for this goes on."), False),
    "SET_UP": (
        _("Your face is set up"),
        _("From tomorrow on it proves who you are."),
        False,
    ),
    "RETRY": (_("Once more, please"), _("It could not be told from these pictures."), True),
    "FAIL": (
        _("That did not succeed"),
        _("One failed check has no consequence. Try again in good light, without glasses."),
        True,
    ),
    "REVIEW": (
        _("A person will look at it"),
        _("We let you know as soon as they have. You need not wait here."),
        False,
    ),
    "LATE": (
        _("It takes longer than usual"),
        _("You need not wait here: a notice tells you the result."),
        False,
    ),
}
REASONS_BY_HAND = {
    "NO_CAMERA": _("I have no camera that works"),
    "CANT_MOVE": _("I can't do the movements"),
    "FLASHES": _("Flashing light is a risk for me"),
    "NOT_RECOGNISED": _("It does not recognise me"),
    "OTHER": _("Something else"),
}


def of_page(purpose: str) -> dict[str, Any]:
    """Every word that the capture page says, in the reader's language."""
    passed = OUTCOMES["SET_UP" if purpose == "ENROL" else "PASS"]
    return {
        "steps": {name: str(text) for name, text in STEPS.items()},
        "hints": {name: str(text) for name, text in HINTS.items()},
        "outcomes": {
            name: {"title": str(title), "text": str(text), "again": again}
            for name, (title, text, again) in (OUTCOMES | {"PASS": passed}).items()
        },
        "opening": gettext("Opening the camera …"),
        "good": gettext("Good. Stay like this."),
        "judging": gettext("One moment: we look at it …"),
        "stopped": gettext("The check could not go on"),
        "broken": gettext("Something went wrong. Please try again."),
        "offline": gettext("There is no connection. Try again when you are online."),
        "insecure": gettext("The camera works only over a secure connection (https)."),
        "denied": gettext(
            "The browser may not use the camera. Allow it in the settings of this page, then try "
            "again."
        ),
        "absent": gettext("No camera was found, or another program uses it."),
        "ended": gettext("The camera was switched off."),
    }
