"""Decodes requests of OTLP with the official classes: a line of base64 in, a line of JSON out, with everything that was set."""

import base64
import json
import sys

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def plain(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(part) for part in value.array_value.values]
    # an integer and a number with a fraction are told apart
    return {kind: str(getattr(value, kind)) if kind == "int_value" else getattr(value, kind)}


def attributes(pairs):
    return {pair.key: plain(pair.value) for pair in pairs}


def span(one):
    return {
        "traceId": one.trace_id.hex(),
        "spanId": one.span_id.hex(),
        "parentId": one.parent_span_id.hex(),
        "name": one.name,
        "kind": one.kind,
        "start": str(one.start_time_unix_nano),
        "end": str(one.end_time_unix_nano),
        "attributes": attributes(one.attributes),
        "events": [[event.name, str(event.time_unix_nano), attributes(event.attributes)] for event in one.events],
        "links": [[link.trace_id.hex(), link.span_id.hex(), attributes(link.attributes)] for link in one.links],
        "status": [one.status.code, one.status.message],
        "unread": len(one.ListFields()) - sum(field.name in KNOWN for field, _ in one.ListFields()),
    }


KNOWN = {
    "trace_id", "span_id", "parent_span_id", "name", "kind", "start_time_unix_nano", "end_time_unix_nano", "attributes", "events", "links",
    "status", "flags",
}

for line in sys.stdin:
    request = ExportTraceServiceRequest()
    request.ParseFromString(base64.b64decode(line))
    print(
        json.dumps(
            [
                [attributes(resource.resource.attributes), scope.scope.name, [span(one) for one in scope.spans]]
                for resource in request.resource_spans
                for scope in resource.scope_spans
            ]
        ),
        flush=True,
    )
