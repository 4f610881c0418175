"""Sessions of people who do not exist: they obey a challenge, or an attacker pretends to.

The same arguments give the same bytes. A session of 110 frames takes about a second to render.
"""

from dataclasses import replace

import numpy as np

from apps.faces.engine.session import Challenge, Frame, Sensor
from apps.faces.engine.verdict import Species
from apps.faces.recordings import Recording
from apps.faces.rendering import attacks, channels
from apps.faces.rendering.head import Head
from apps.faces.rendering.stage import Stage
from apps.faces.rendering.takes import Person, Presenter, Take


def render(
    *,
    head: Head,
    challenge: Challenge,
    subject: int,
    seed: int,
    species: Species | None = None,
    variant: int | None = None,
    sensors: frozenset[Sensor] = frozenset(),
    fps: float = 13.0,
    is_bright: bool = False,
) -> Recording:
    """A session in answer to this challenge, by this subject or an attacker who poses as them.

    The recording's challenge tells when each prompt was released. `variant` is the attacker's way
    (attacks.cast), drawn by the seed where it is left open. `sensors` are the cameras that look
    too. `is_bright` is a room so bright that the screen hardly shows on the face.
    """
    random = np.random.default_rng([seed, subject, 1])
    stage = Stage.draw(random, is_bright=is_bright)
    if species and variant is None:
        variant = int(random.integers(attacks.VARIANTS.get(species, 1)))
    presenter = cast(
        head=head,
        challenge=challenge,
        subject=subject,
        species=species,
        variant=variant or 0,
        stage=stage,
        random=random,
        fps=fps,
    )
    is_injected = species is Species.INJECTED
    take = Take.plan(
        stage=stage,
        presenter=presenter,
        challenge=challenge,
        random=random,
        fps=fps,
        is_even=is_injected and variant == 1,
    )
    # A virtual camera has no depth and no infrared to show.
    watching = frozenset() if is_injected else sensors
    return record(take=take, challenge=challenge, sensors=watching, random=random)


def cast(
    *,
    head: Head,
    challenge: Challenge,
    subject: int,
    species: Species | None,
    variant: int,
    stage: Stage,
    random: np.random.Generator,
    fps: float,
) -> Presenter:
    """The subject in person, or the attacker who poses as them."""
    if species is None:
        return Person(subject=head.subject(subject), stage=stage, random=random)
    return attacks.cast(
        species=species,
        head=head,
        subject=subject,
        stage=stage,
        random=random,
        challenge=challenge,
        fps=fps,
        variant=variant,
    )


def record(
    *,
    take: Take,
    challenge: Challenge,
    sensors: frozenset[Sensor] = frozenset(),
    random: np.random.Generator,
) -> Recording:
    """All frames of a planned take as a client sends them."""
    table, stage = take.table, take.stage
    if table is None:
        raise ValueError("only a planned take can be recorded")
    stage.sensor.settle(light=take.light(0.0), box=stage.face_box)
    looks = set(channels.moments(table.frames)) if sensors else set()
    frames, canvases = [], []
    for seq, (t, received) in enumerate(zip(table.frames, table.received, strict=True)):
        prompt = table.prompt_at(t)
        frames.append(
            Frame(
                seq=seq,
                t_ms=int(t),
                prompt_seq=prompt.seq if prompt else 0,
                image=stage.sensor.jpeg(take.pixels(t)),
                received_ms=received,
            )
        )
        if t in looks:
            meshes = take.presenter.meshes(t)
            canvases.append((t, stage.in_infrared(meshes, factor=channels.FACTOR)))
    depth, infrared = channels.watch(stage=stage, canvases=canvases, sensors=sensors, random=random)
    told = replace(challenge, prompts=tuple(table.prompts)) if challenge.is_prompted else challenge
    return Recording(told, tuple(frames), depth, infrared)
