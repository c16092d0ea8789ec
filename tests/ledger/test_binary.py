"""Exact money: what is copied in binary is what Postgres reads, to the last digit."""

from decimal import Decimal

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.binary import COPY_HEADER, COPY_TRAILER, numeric_field

amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e25"), max_value=Decimal("1e25"), places=30)
short = st.builds(lambda n, places: Decimal(n).scaleb(-places), st.integers(-(10**12), 10**12), st.integers(-6, 30))


@settings(max_examples=30)
@given(values=st.lists(st.none() | amounts | short, min_size=1, max_size=50))
def test_exact_money_a_number_is_copied_with_all_its_digits(database_url, values):
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TEMP TABLE amounts (i int, amount numeric) ON COMMIT DROP")
        rows = [b"\0\2\0\0\0\4" + i.to_bytes(4) + numeric_field(value) for i, value in enumerate(values)]
        with connection.cursor().copy("COPY amounts FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(b"".join((COPY_HEADER, *rows, COPY_TRAILER)))
        found = [amount for (amount,) in connection.execute("SELECT amount FROM amounts ORDER BY i").fetchall()]
    assert found == values
    scales = [None if value is None else max(-int(value.as_tuple().exponent), 0) for value in values]
    assert [None if value is None else -int(value.as_tuple().exponent) for value in found] == scales
