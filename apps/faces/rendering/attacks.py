"""Who poses as somebody: for each species of attack, what is held before which camera."""

import random as standard
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from apps.faces.engine import asking
from apps.faces.engine.session import Challenge, Pixels, Prompt, Step
from apps.faces.engine.verdict import Species
from apps.faces.rendering.flats import CutOut, HeldPhoto, Screen, photograph
from apps.faces.rendering.head import Head
from apps.faces.rendering.masks import Mask, Swapped, draped
from apps.faces.rendering.stage import Stage
from apps.faces.rendering.takes import Person, Presenter, Take

#: Subjects from here on are attackers and strangers: nobody poses as them.
STRANGERS = 100_000

#: How many ways there are to carry out a species; the others know one.
VARIANTS = {Species.SCREEN: 2, Species.INJECTED: 3}


def cast(
    *,
    species: Species,
    head: Head,
    subject: int,
    stage: Stage,
    random: np.random.Generator,
    challenge: Challenge,
    fps: float,
    variant: int,
) -> Presenter:
    """The attacker who poses as `subject`.

    SCREEN plays a recording of another challenge (variant 0), or a session that obeys this one
    but was not lit by it (1). INJECTED is a clean picture without a camera (0), one that comes
    like clockwork (1), or one photo on a public head, lit as it should be (2).
    """
    person = head.subject(subject)
    stranger = head.subject(STRANGERS + int(random.integers(100_000)))
    match species:
        case Species.OTHER_PERSON:
            return Person(subject=stranger, stage=stage, random=random)
        case Species.SWAP:
            return Swapped(first=person, second=stranger, stage=stage, random=random)
        case Species.RIGID_MASK | Species.SILICONE_MASK:
            is_silicone = species is Species.SILICONE_MASK
            return Mask(subject=person, stage=stage, random=random, is_silicone=is_silicone)
    photo = photograph(head=head, subject=person, random=random)
    match species:
        case Species.PRINT | Species.BENT:
            is_bent = species is Species.BENT
            return HeldPhoto(photo=photo, stage=stage, random=random, is_bent=is_bent)
        case Species.CUT_OUT:
            return CutOut(photo=photo, attacker=stranger, head=head, stage=stage, random=random)
        case Species.INJECTED:
            if variant == 2:
                person = draped(head=head, photo=photo, number=subject)
            else:
                stage.room = replace(stage.room, screen=np.zeros(3, np.float32))
            if variant != 1:
                stage.sensor.read = stage.sensor.shot = 0.0
            return Person(subject=person, stage=stage, random=random)
    studio = Stage.draw(random)
    actor = Person(subject=person, stage=studio, random=random)
    plays, told = (
        _recorded(actor, studio, random, challenge, fps)
        if variant == 0
        else _relayed(actor, studio)
    )
    return Screen(plays=plays, told=told, photo=photo, stage=stage, random=random)


Plays = tuple[Callable[[float], Pixels], Callable[[Prompt, float], float]]


def _recorded(
    actor: Person, studio: Stage, random: np.random.Generator, challenge: Challenge, fps: float
) -> Plays:
    """A session that obeyed another challenge, played from its beginning."""
    while True:
        other = asking.compose(standard.Random(int(random.integers(1 << 31))))
        if [one.step for one in other] != [one.step for one in challenge.prompts]:
            break
    earlier = replace(challenge, prompts=other)
    take = Take.plan(stage=studio, presenter=actor, challenge=earlier, random=random, fps=fps)
    studio.sensor.settle(light=take.light(0.0), box=studio.face_box)
    ends = take.table.ends if take.table else 0.0

    def told(prompt: Prompt, at: float) -> float:
        if prompt.step is Step.COLOURS:
            return at + sum(one.for_ms for one in prompt.flashes)
        return at + (1200 if prompt.step is Step.LOOK else 2200)

    return lambda t: take.pixels(t % max(ends, 1)), told


def _relayed(actor: Person, studio: Stage) -> Plays:
    """Somebody elsewhere who obeys each prompt, under the light of their own room."""
    take = Take(stage=studio, presenter=actor)
    studio.sensor.settle(light=take.light(0.0), box=studio.face_box)
    return take.pixels, actor.told
