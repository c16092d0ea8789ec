"""Labels and order of a breakdown's lines as expressions of SQL, made of the same tables as those of `domain/quantities.py`."""

from collections.abc import Mapping

from domain.quantities import INPUT_LABELS, INPUT_PLACES, OUTPUT_LABELS, OUTPUT_PLACES, TOKEN, UNIT_LABELS, UNIT_NAMES, in_words


def label_of(direction: str) -> str:
    """What people call `category` and `unit` of that direction: see `quantities.label`."""
    labels = INPUT_LABELS if direction == "input" else OUTPUT_LABELS
    names = {category: in_words(category) for category in labels}
    return f"""CASE WHEN unit = '{TOKEN}' THEN {_one_of("category", labels)} WHEN category = unit THEN {_one_of("unit", UNIT_LABELS)}
        ELSE {_one_of("category", names)} || ' (' || {_one_of("unit", UNIT_NAMES)} || ')' END"""


def _place(places: Mapping[str, int]) -> str:
    return _cases("category", places, str(len(places)))


def _one_of(column: str, names: Mapping[str, str]) -> str:
    """The name that the column has in our tables, or else the column itself."""
    return _cases(column, {known: f"'{name}'" for known, name in names.items()}, column)


def _cases(column: str, values: Mapping[str, object], other: str) -> str:
    cases = " ".join(f"WHEN '{known}' THEN {value}" for known, value in values.items())
    return f"CASE {column} {cases} ELSE {other} END"


# Lines of equal places go by category and unit: see `quantities.rank`.
PLACE = f"CASE WHEN direction = 'input' THEN {_place(INPUT_PLACES)} ELSE {_place(OUTPUT_PLACES)} END"
