"""Metric names and labels are a promise to dashboards and alerts."""

import re

from prometheus_client import Counter, Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from contracts.verdicts import Verdict
from shared import metrics

ALL = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
UNITS = re.compile(r"_(total|seconds|records|events|points|rows|partitions|paused|waiting|violations|info|in_use)$")


def name(metric: MetricWrapperBase) -> str:
    return metric._name + ("_total" if isinstance(metric, Counter) else "")


def test_every_name_has_the_prefix_a_base_unit_and_a_meaning():
    for metric in ALL:
        assert name(metric).startswith("loyalty_")
        assert UNITS.search(name(metric)), name(metric)
        assert metric._documentation.endswith(".")


def test_no_label_names_a_person_or_an_event():
    allowed = {"topic", "type", "verdict", "partition", "reason", "result", "shard", "route", "method", "status", "job", "version", "invariant"}
    assert {label for metric in ALL for label in metric._labelnames} <= allowed


def test_the_first_failure_is_seen_as_a_rise_from_zero():
    metrics.expect_events(["loyalty.activities.v1"])
    text = generate_latest().decode()
    for verdict in Verdict:
        assert f'loyalty_events_total{{topic="loyalty.activities.v1",type="loyalty.activity.recorded.v1",verdict="{verdict}"}} 0.0' in text
    assert 'loyalty_dead_letters_total{reason="internal-error",topic="loyalty.activities.v1"} 0.0' in text
    for result in ("committed", "rolled-back"):
        assert f'loyalty_commits_unknown_total{{result="{result}"}}' in text


def test_the_buckets_of_the_goals_are_there():
    buckets = {name(metric): metric._upper_bounds for metric in ALL if isinstance(metric, Histogram)}
    assert {2, 10} <= set(buckets["loyalty_event_age_seconds"])
    assert {0.025, 0.15} <= set(buckets["loyalty_http_request_seconds"])
