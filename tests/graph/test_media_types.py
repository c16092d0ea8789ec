"""Which media type an Accept header leads to."""

import pytest

from graph.errors import NotAcceptableError
from graph.media_types import EVENT_STREAM, GRAPHQL_RESPONSE, JSON, MULTIPART, negotiate, wants_page

URQL_QUERY = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
URQL_SUBSCRIPTION = "text/event-stream, multipart/mixed"
APOLLO_CLIENT = "application/graphql-response+json,application/json;q=0.9"
APOLLO_MULTIPART = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", JSON),
        (" ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/json; charset=utf-8", JSON),
        ("APPLICATION/JSON", JSON),
        ("application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/json, application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/graphql-response+json, */*", GRAPHQL_RESPONSE),
        ("application/json, */*", JSON),
        ("application/graphql-response+json;q=0.5, application/json", JSON),
        ("application/graphql-response+json;q=0.5, application/json;q=0.4", GRAPHQL_RESPONSE),
        ("application/json;q=0.5, */*", GRAPHQL_RESPONSE),
        ("application/json;q=0, */*", GRAPHQL_RESPONSE),
        ("application/json;Q=0.5, application/graphql-response+json;q=0.4", JSON),
        ("application/json;q=high, application/graphql-response+json;q=0.1", GRAPHQL_RESPONSE),
        ("application/graphql-response+json;q=2", JSON),
        ("text/event-stream", EVENT_STREAM),
        ("text/event-stream, */*;q=0.1", EVENT_STREAM),
        ("text/event-stream, application/json;q=0.9", EVENT_STREAM),
        ("application/json, text/event-stream", JSON),
        ("image/png, application/json", JSON),
        (URQL_QUERY, GRAPHQL_RESPONSE),
        (URQL_SUBSCRIPTION, EVENT_STREAM),
        (APOLLO_CLIENT, GRAPHQL_RESPONSE),
        (APOLLO_MULTIPART, MULTIPART),
        ('multipart/mixed;subscriptionSpec="1.0";q=0.8, application/json;q=0.9', JSON),
        ("multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9", GRAPHQL_RESPONSE),
        (BROWSER, JSON),
    ],
)
def test_a_client_gets_the_media_type_that_it_prefers(accept, media):
    assert negotiate(accept) == media


@pytest.mark.parametrize("accept", ["image/png", "text/*", "application/json;q=0", "*/*;q=0", "multipart/mixed"])
def test_a_client_that_takes_none_of_ours_is_told_so(accept):
    with pytest.raises(NotAcceptableError, match="name one"):
        negotiate(accept)


def test_only_a_browser_wants_a_page():
    assert wants_page(BROWSER)
    assert not wants_page("*/*")
    assert not wants_page("application/json, text/html;q=0")
