"""Sums of the dashboard are exact, however many digits there are, and unknown where nothing is known."""

from decimal import Context, Decimal
from random import Random

from domain.notation import amount
from tests.dashboard.node import called

CONTEXT = Context(prec=100)


def amounts(random: Random) -> list[Decimal]:
    """Some, from billions to billionths."""
    return [Decimal(random.randint(-(10**18), 10**18)).scaleb(-random.randint(0, 18)) for _ in range(random.randint(1, 30))]


def total(amounts: list[Decimal]) -> Decimal:
    """Without a rounding."""
    found = Decimal(0)
    for each in amounts:
        found = CONTEXT.add(found, each)
    return found


def test_sums_and_differences_are_those_of_decimals():
    random = Random(7)
    lists = [amounts(random) for _ in range(500)]
    calls = [["sum", [amount(each) for each in some]] for some in lists]
    calls += [["difference", amount(some[0]), amount(total(some[1:]))] for some in lists]
    wanted = [amount(total(some)) for some in lists]
    wanted += [amount(CONTEXT.subtract(some[0], total(some[1:]))) for some in lists]
    assert called("exact.ts", calls) == wanted


def test_what_is_not_known_is_not_counted_and_nothing_known_is_not_zero():
    asked = [["0.1", None, "0.20"], [None, None], [], ["1", "-1.000"], ["-0.5", "0.25"]]
    assert called("exact.ts", [["sum", each] for each in asked]) == ["0.3", None, "0", "0", "-0.25"]
