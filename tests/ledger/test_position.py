"""Positions as they go out and come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sealing import Seal
from ledger.position import Position, PositionUnknownError, opened

POSITIONS = st.builds(Position, st.sampled_from(("cell_0", "cell_17", "ä")), st.integers(0, 2**63 - 1))


@given(POSITIONS)
def test_a_position_comes_back_as_it_went_out(seal, position):
    assert opened(position.sealed(seal), seal) == position


def test_a_position_is_the_same_text_every_time_and_tells_nothing(seal):
    texts = [Position("cell_0", id).sealed(seal) for id in (1, 1, 2)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]
    assert len({len(text) for text in texts}) == 1


@given(position=POSITIONS, data=st.data())
def test_a_position_that_was_tampered_with_is_unknown(seal, position, data):
    text = position.sealed(seal)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABab01-_=. \n").filter(lambda sign: sign != text[place]))
    with pytest.raises(PositionUnknownError):
        opened(text[:place] + other + text[place + 1 :], seal)


@pytest.mark.parametrize("text", ["", "1", "cell_0:1", "=", "ä", "\0", "A" * 1000])
def test_what_we_did_not_give_out_is_unknown(seal, text):
    with pytest.raises(PositionUnknownError, match="pass one on from a receipt, unchanged"):
        opened(text, seal)


def test_a_position_of_another_service_is_unknown(seal):
    with pytest.raises(PositionUnknownError):
        opened(Position("cell_0", 1).sealed(Seal(b"a secret of another service")), seal)


def test_what_was_sealed_for_something_else_is_no_position(seal):
    with pytest.raises(PositionUnknownError):
        opened(seal.seal(b"\0" * 8 + b"cell_0", b"cursor"), seal)
