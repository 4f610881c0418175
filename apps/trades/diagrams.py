"""The machines of the desk as pictures, drawn from the one table that also guards them."""

from apps.core.machines import Machine


def diagram(machine: Machine) -> str:
    """The machine as a Mermaid state diagram: starts, steps in order, ends."""
    lines = ["stateDiagram-v2"]
    lines += [f"    [*] --> {state}" for state in sorted(machine.start)]
    lines += [f"    {one} --> {two}" for one, two in sorted(machine.steps)]
    lines += [f"    {state} --> [*]" for state in sorted(machine.terminal)]
    return "\n".join(lines)
