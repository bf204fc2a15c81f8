"""The AsyncAPI 3.0.0 document: every topic, every message, who says and who hears it."""

from collections.abc import Iterable
from typing import Any

import orjson

from contracts.cards import Card
from contracts.catalogue import TYPES
from contracts.envelope import decode
from contracts.examples import Example

Document = dict[str, Any]

_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
_HEADERS: Document = {
    "type": "object",
    "description": "CloudEvents 1.0, binary mode. Structured mode (application/cloudevents+json) is read too, and never written.",
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": _TEXT | {"description": "With ce_source, names the event for ever. A repeat keeps its id."},
        "ce_source": _TEXT | {"description": "A stable URI of the producer, never a host or a process."},
        "ce_type": _TEXT,
        "ce_time": {"type": "string", "format": "date-time"},
        "content-type": {"const": "application/json"},
        "traceparent": {"type": "string", "description": "W3C Trace Context."},
    },
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type"],
}


def document(cards: Iterable[Card], examples: Iterable[Example], *, version: str) -> Document:
    """Describe all topics and messages."""
    cards, examples = list(cards), list(examples)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Loyalty platform",
            "version": version,
            "description": "What stores publish, and what follows from it. Every event counts exactly once.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_channel_name(card): _channel(card) for card in cards},
        "operations": {name: operation for card in cards for name, operation in _operations(card)},
        "components": {
            "messages": {name: _message(name, examples) for card in cards for name in card.events},
            "messageTraits": {"cloudevent": {"headers": _HEADERS}},
        },
    }


def _channel_name(card: Card) -> str:
    return card.topic.removeprefix("loyalty.").removesuffix(".v1")


def _channel(card: Card) -> Document:
    topic = card.topics()[0]
    configuration: Document = {
        "cleanup.policy": [topic.config["cleanup.policy"]],
        "retention.ms": int(topic.config["retention.ms"]),
        "max.message.bytes": int(topic.config["max.message.bytes"]),
    }
    return {
        "address": card.topic,
        "description": f"{card.purpose} Owned by {card.owner}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in card.events},
        "bindings": {"kafka": {"topic": card.topic, "partitions": card.partitions, "topicConfiguration": configuration, "bindingVersion": "0.5.0"}},
    }


def _operations(card: Card) -> Iterable[tuple[str, Document]]:
    channel = {"$ref": f"#/channels/{_channel_name(card)}"}
    for producer in card.producers:
        yield f"{producer}.sends.{_channel_name(card)}", {"action": "send", "channel": channel, "tags": [{"name": producer}]}
    for consumer in card.consumers:
        yield f"{consumer}.receives.{_channel_name(card)}", {"action": "receive", "channel": channel, "tags": [{"name": consumer}]}


def _message(name: str, examples: list[Example]) -> Document:
    entry = TYPES[name]
    return {
        "name": name,
        "summary": (entry.model.__doc__ or "").split("\n")[0],
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "payload": {"$ref": f"./schemas/accepted/{name}.json"},
        "bindings": {"kafka": {"key": _TEXT, "bindingVersion": "0.5.0"}},
        "examples": [_example(example) for example in examples if example.type == name and example.path.stem == "minimal"],
    }


def _example(example: Example) -> Document:
    decode(example.record)  # a document never shows what would not be accepted
    headers = {header: value.decode() for header, value in example.record.headers}
    return {"name": example.path.stem, "summary": example.about, "headers": headers, "payload": orjson.loads(example.record.value or b"")}
