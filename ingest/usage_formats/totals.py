"""A block that gives a total tells more than its sides do: what a side that is missing comes to, and where reasoning was counted."""

from typing import NamedTuple

from ingest.usage_formats.counts import UNTOLD, Part, added, contradiction, within


class Sides(NamedTuple):
    """Both sides, the output with its reasoning."""

    input: Part
    output: Part


def settled(total: Part, input: Part, output: Part, reasoning: Part = UNTOLD, *, beside: bool = False) -> Sides:
    """Where providers differ in whether `output` has the reasoning in it, the total decides; without one, `beside` does.

    Raises UnacceptableError where the total is no sum of its sides.
    """
    whole = added(output, reasoning) if beside else output
    if total.number is None:
        return Sides(input, whole)
    if input.number is None and output.number is None:
        return Sides(input, output)
    if input.number is None:
        return Sides(_rest(total, whole), whole)
    if output.number is None:
        return Sides(input, _rest(total, input))
    told = input.number + output.number
    if total.number == told:
        return Sides(input, output)
    if total.number == told + (reasoning.number or 0):
        return Sides(input, added(output, reasoning))
    raise contradiction(total, f"is {total.number}, but {input.path} and {output.path} add up to {told}")


def _rest(total: Part, side: Part) -> Part:
    assert total.number is not None
    assert side.number is not None
    within(total, side)
    return Part(total.path, total.number - side.number)
