"""Attributes in protobuf, as JSON has them."""

from collections.abc import Iterable

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.common.v1 import common_pb2

from ingest.otlp.spans import KeyValue, raw


def attributes(told: Iterable[common_pb2.KeyValue]) -> list[KeyValue]:
    """Each as it would stand in a body in JSON."""
    return [KeyValue(each.key, raw(value(each.value))) for each in told]


def value(told: common_pb2.AnyValue) -> dict[str, object]:
    """One of them."""
    kind = told.WhichOneof("value")
    if kind == "string_value":  # nearly all are one of these two, and the library takes its time
        return {"stringValue": told.string_value}
    if kind == "int_value":
        return {"intValue": str(told.int_value)}
    return MessageToDict(told)
