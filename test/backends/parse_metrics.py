"""Parses Prometheus' text format with its own client's parser: a line with the text as JSON in, a line of JSON out."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

for line in sys.stdin:
    families = text_string_to_metric_families(json.loads(line))
    print(
        json.dumps(
            [
                [one.name, one.documentation, one.type, [[s.name, s.labels, repr(s.value)] for s in one.samples]]
                for one in families
            ]
        ),
        flush=True,
    )
