"""Where persisted documents are kept: within its bound, each account for itself."""

from hypothesis import given
from hypothesis import strategies as st

from graph.documents import MAX_DOCUMENT_BYTES, MIN_COUNTED_BYTES, Documents, name_of

ROOM = 8 * MIN_COUNTED_BYTES

texts = st.builds(lambda letter, length: letter * length, st.sampled_from("abcdefgh🏃"), st.sampled_from((1, 20, 1_500, 2_500)))
accounts = st.sampled_from((None, "acme", "globex", "initech"))


def size(found: list[str]) -> int:
    """What texts count as."""
    return sum(max(len(text.encode()), MIN_COUNTED_BYTES) for text in found)


def held(documents: Documents, account: str | None, told: list[str]) -> list[str]:
    return [text for text in dict.fromkeys(told) if documents.find(account, name_of(text)) == text]


def test_a_document_is_found_by_its_name():
    documents = Documents()
    documents.keep("acme", "{ a }")
    assert documents.find("acme", name_of("{ a }")) == "{ a }"
    assert documents.find("acme", name_of("{ b }")) is None


def test_the_name_of_a_document_is_its_sha_256():
    assert name_of("{__typename}") == "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"  # of Apollo's own example


def test_yours_alone_another_account_does_not_find_it():
    documents = Documents()
    documents.keep("acme", "{ a }")
    assert documents.find("globex", name_of("{ a }")) is None
    assert documents.find(None, name_of("{ a }")) is None


def test_everybody_finds_what_was_there_from_the_start():
    documents = Documents(["{ a }"], max_bytes=MIN_COUNTED_BYTES)
    documents.keep("acme", "{ a }")
    documents.keep("acme", "{ b }")
    assert [documents.find(account, name_of("{ a }")) for account in ("acme", None)] == ["{ a }", "{ a }"]
    assert documents.find("acme", name_of("{ b }")) == "{ b }"


def test_what_was_not_named_for_longest_goes_first():
    documents = Documents(max_bytes=2 * MIN_COUNTED_BYTES)
    documents.keep("acme", "{ a }")
    documents.keep("acme", "{ b }")
    documents.find("acme", name_of("{ a }"))
    documents.keep("acme", "{ c }")
    assert held(documents, "acme", ["{ a }", "{ b }", "{ c }"]) == ["{ a }", "{ c }"]


def test_one_that_is_too_long_to_be_executed_is_not_kept():
    documents = Documents()
    documents.keep("acme", "x" * (MAX_DOCUMENT_BYTES + 1))
    assert documents.find("acme", name_of("x" * (MAX_DOCUMENT_BYTES + 1))) is None


@given(st.lists(st.tuples(accounts, texts), max_size=60))
def test_bounded_all_that_is_kept_fits(told: list[tuple[str | None, str]]):
    documents = Documents(max_bytes=ROOM)
    for account, text in told:
        documents.keep(account, text)
        by_account = {each: held(documents, each, [text for of, text in told if of == each]) for each, _ in told}
        assert sum(map(size, by_account.values())) <= ROOM


@given(st.lists(texts, max_size=6), st.lists(st.tuples(accounts.filter(lambda each: each != "acme"), texts), max_size=60), st.randoms())
def test_bounded_no_account_makes_room_at_the_expense_of_one_that_holds_no_more_than_its_share(
    own: list[str], others: list[tuple[str | None, str]], random
):
    # Given an account that holds a quarter of the room at most, as there are four
    while size([*dict.fromkeys(own)]) > ROOM // 4:
        own.pop()
    told = [("acme", text) for text in own] + others
    random.shuffle(told)
    documents = Documents(max_bytes=ROOM)
    # When others register what they like
    for account, text in told:
        documents.keep(account, text)
    # Then all of it is there
    assert held(documents, "acme", own) == [*dict.fromkeys(own)]
