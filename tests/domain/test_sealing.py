"""What is sealed comes back whole, for the same binding, and otherwise not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sealing import Seal, SealBrokenError

SECRET = b"a secret of the service, long enough"
SEAL = Seal(SECRET)

bindings = st.lists(st.binary(max_size=20), max_size=5)


@given(payload=st.binary(max_size=200), binding=bindings)
def test_what_was_sealed_opens_with_the_same_binding(payload, binding):
    assert SEAL.open(SEAL.seal(payload, *binding), *binding) == payload


@given(payload=st.binary(max_size=50), sealed_for=bindings, opened_for=bindings)
def test_another_binding_does_not_open_it(payload, sealed_for, opened_for):
    token = SEAL.seal(payload, *sealed_for)
    if sealed_for == opened_for:
        return
    with pytest.raises(SealBrokenError):
        SEAL.open(token, *opened_for)


def test_parts_of_a_binding_do_not_run_together():
    token = SEAL.seal(b"payload", b"ab", b"c")
    with pytest.raises(SealBrokenError):
        SEAL.open(token, b"a", b"bc")


@given(payload=st.binary(max_size=50), data=st.data())
def test_a_text_with_any_character_changed_is_broken(payload, data):
    token = SEAL.seal(payload, b"account")
    place = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.characters(codec="utf-8").filter(lambda other: other != token[place]))
    with pytest.raises(SealBrokenError):
        SEAL.open(token[:place] + character + token[place + 1 :], b"account")


@given(st.text(max_size=100))
def test_a_text_that_we_did_not_make_is_broken(text):
    with pytest.raises(SealBrokenError):
        SEAL.open(text)


@given(payload=st.binary(max_size=50), ending=st.sampled_from(["=", "==", "\n", " ", "A", "AAAA"]))
def test_a_text_with_something_added_is_broken(payload, ending):
    with pytest.raises(SealBrokenError):
        SEAL.open(SEAL.seal(payload) + ending)


def test_the_same_payload_gives_the_same_text_in_every_process():
    assert SEAL.seal(b"payload", b"account", b"history") == Seal(SECRET).seal(b"payload", b"account", b"history")
    assert SEAL.seal(b"payload", b"account", b"history") == "EUbgb2zr5mdCYLD2ylK4bMM41gSphYs"


@given(payload=st.binary(max_size=50), sealed_for=st.binary(max_size=20), opened_for=st.binary(max_size=20))
def test_a_seal_with_a_key_of_its_own_opens_its_texts_and_no_other_does(payload, sealed_for, opened_for):
    token = SEAL.of(sealed_for).seal(payload)
    assert Seal(SECRET).of(sealed_for).open(token) == payload
    others = [SEAL, Seal(b"another secret of another service").of(sealed_for)]
    others += [SEAL.of(opened_for)] if opened_for != sealed_for else []
    for other in others:
        with pytest.raises(SealBrokenError):
            other.open(token)
        with pytest.raises(SealBrokenError):
            other.open(token, sealed_for)


def test_another_secret_opens_nothing():
    with pytest.raises(SealBrokenError):
        Seal(b"another secret of another service").open(SEAL.seal(b"payload"))


def test_the_text_is_safe_in_an_address():
    assert all(character.isalnum() or character in "-_" for character in SEAL.seal(bytes(range(256))))


def test_the_text_does_not_show_the_payload():
    assert SEAL.seal(b"acme") != SEAL.seal(b"acmf")
    assert len(SEAL.seal(b"")) == 22  # the tag alone


def test_a_secret_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match="has 15 bytes, and needs 16 or more"):
        Seal(b"x" * 15)
