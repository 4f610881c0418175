"""What a challenge asks: a look, three actions in an order nobody knows, and a sequence of colours.

A recording of a person who obeyed passes whatever it was recorded under. So the order is drawn
anew each time, and the colours are unlike all that this person was shown before (light.likeness):
a recording that follows an earlier sequence does not follow this one.
"""

from collections.abc import Iterable
from random import Random

from apps.faces.engine import light
from apps.faces.engine.session import ACTIONS, TURNS, Flash, Prompt, Sensor, Step

#: How many actions are asked.
COUNT = 3

#: Correlation with an earlier sequence that is low enough, and how many are drawn to find one.
UNLIKE = 0.5
DRAWS = 200


class CannotAsk(ValueError):
    """What this person can do is too little for a challenge; a human has to look instead."""


def compose(
    random: Random,
    *,
    flashes: bool = True,
    without: frozenset[Step] = frozenset(),
    earlier: Iterable[tuple[Flash, ...]] = (),
    sensors: frozenset[Sensor] = frozenset(),
) -> tuple[Prompt, ...]:
    """The prompts of a new challenge; `random` is a SystemRandom where somebody could gain by it.

    `without` are the steps the person can't do (COLOURS: must not be flashed at), `earlier` the
    sequences shown before. Where depth or infrared are used a blink is asked whenever it can be:
    to them a rigid mask is a head. Raises CannotAsk.
    """
    steps = [Step.LOOK, *_actions(random, without, needs_blink=bool(sensors))]
    if flashes and Step.COLOURS not in without:
        steps.insert(random.randint(1, len(steps)), Step.COLOURS)
    return tuple(
        Prompt(
            seq=seq,
            step=step,
            flashes=sequence(random, earlier=earlier) if step is Step.COLOURS else (),
        )
        for seq, step in enumerate(steps)
    )


def _actions(random: Random, without: frozenset[Step], *, needs_blink: bool) -> list[Step]:
    able = [one for one in ACTIONS if one not in without]
    turns = [one for one in able if one in TURNS]
    if not turns or len(able) < COUNT:
        raise CannotAsk("a turn and two more actions are needed")
    chosen = [random.choice(turns)]
    if needs_blink and Step.BLINK_TWICE in able:
        chosen.append(Step.BLINK_TWICE)
    chosen += random.sample([one for one in able if one not in chosen], COUNT - len(chosen))
    random.shuffle(chosen)
    return chosen


def sequence(random: Random, *, earlier: Iterable[tuple[Flash, ...]] = ()) -> tuple[Flash, ...]:
    """Colours unlike all earlier ones: the first that is unlike enough, or the least like of many.

    Any two of two hundred sequences are alike somewhere: what holds then is that the one asked
    explains the light better than those not asked (checks/colour.py).
    """
    known = [to_text(one)[len(_MS) :] for one in earlier]
    drawn = [light.draw(random) for _ in range(DRAWS if known else 1)]
    alike = light.likeness(drawn, known)
    good = (alike <= UNLIKE).nonzero()[0]
    return light.flashes(drawn[int(good[0]) if len(good) else int(alike.argmin())])


_MS = "000"


def to_text(flashes: tuple[Flash, ...]) -> str:
    """A sequence in few letters, to be kept: three digits of milliseconds, a letter a colour."""
    letters = {colour: letter for letter, colour in light.PALETTE.items()}
    lengths = {one.for_ms for one in flashes}
    colours = [(one.red, one.green, one.blue) for one in flashes]
    if len(lengths) != 1 or not all(one in letters for one in colours):
        raise ValueError("a sequence has one length and the colours of the palette")
    return f"{lengths.pop():03d}" + "".join(letters[one] for one in colours)


def from_text(text: str) -> tuple[Flash, ...]:
    """The sequence that to_text() wrote."""
    return light.flashes(text[len(_MS) :], int(text[: len(_MS)]))
