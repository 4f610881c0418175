"""Prompts of a challenge as they are stored, and how long each stays on the screen."""

from typing import Any

from apps.faces.engine.session import Flash, Prompt, Step

#: Milliseconds until the next prompt may be shown. People need 250-700 ms to react.
LOOK_MS, ACTION_MS, AFTER_COLOURS_MS = 1_200, 2_500, 400
#: How much earlier the next may come: clocks and timers are not exact.
TOLERANCE_MS = 150


def lasts_ms(prompt: Prompt) -> int:
    """How long a prompt is shown before the next one."""
    if prompt.step is Step.LOOK:
        return LOOK_MS
    if prompt.step is Step.COLOURS:
        return sum(flash.for_ms for flash in prompt.flashes) + AFTER_COLOURS_MS
    return ACTION_MS


def to_rows(prompts: tuple[Prompt, ...]) -> list[dict[str, Any]]:
    """Prompts ready for JSON, without the times of their release."""
    return [
        {
            "step": prompt.step.value,
            "flashes": [[f.red, f.green, f.blue, f.for_ms] for f in prompt.flashes],
        }
        for prompt in prompts
    ]


def from_rows(rows: list[dict[str, Any]], released: list[int]) -> tuple[Prompt, ...]:
    """Prompts with the times at which those that were shown were released."""
    return tuple(
        Prompt(
            seq=seq,
            step=Step(row["step"]),
            flashes=tuple(Flash(*flash) for flash in row["flashes"]),
            released_ms=released[seq] if seq < len(released) else None,
        )
        for seq, row in enumerate(rows)
    )
