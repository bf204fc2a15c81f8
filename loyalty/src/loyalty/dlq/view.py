"""Shows dead letters so that a person sees what is wrong with which record, and what can be done."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from loyalty.dlq.run import How, Share

Json = Mapping[str, Any]
DONE = {"redrive": "redriven", "discard": "discarded"}


def listed(items: Sequence[Json]) -> Group:
    """Write three lines for each: which one, what it is, and why. Keys and ids stay in one piece on any terminal."""
    return Group(*map(_lines, items))


def _lines(item: Json) -> Text:
    times = f", {item['attempts']:,} times" if item["attempts"] > 1 else ""
    reason = f": {item['reason']}" if item["reason"] != item["code"] else ""
    return Text.assemble(
        *((item["key"], "bold"), f"  {item['service']}  ", state(item["state"]), f"  {when(item['failed_at'])}{times}\n"),
        f"    {item['type'] or 'unreadable'}  {item['id'] or place(item)}\n",
        *("    ", (item["code"], "bold"), reason),
    )


def state(name: str) -> Text:
    """Colour a state: what waits needs somebody."""
    return Text(name, style={"waiting": "yellow", "redriven": "cyan", "settled": "green"}.get(name, "dim"))


def place(item: Json) -> str:
    """Say where a record was first met."""
    return f"{item['topic']}/{item['partition']}:{item['offset']}"


def when(moment: str) -> str:
    """Shorten a moment to the second."""
    return moment[:19].replace("T", " ")


def shown(item: Json) -> RenderableType:
    """Show one in full: what is known of it, its headers, and its value, indented where it is JSON."""
    facts = Table.grid(padding=(0, 2))
    changed = f", {when(item['changed_at'])}" + (f" by {item['changed_by']}" if item["changed_by"] else "")
    for name, value in (
        ("key", item["key"]),
        ("service", item["service"]),
        ("state", state(item["state"]) + changed),
        ("event", item["id"] or "no readable id"),
        ("source", item["source"] or "-"),
        ("type", item["type"] or "-"),
        ("reason", Text.assemble((item["code"], "bold"), f": {item['reason']}")),
        ("first met", place(item)),
        ("failed", f"{item['attempts']:,} times, first {when(item['first_failed_at'])}, last {when(item['failed_at'])}"),
    ):
        facts.add_row(Text(name, style="dim"), value if isinstance(value, Text) else Text(str(value)))
    if not item["headers"] and item["value"] is None and item["record_key"] is None:
        return Group(facts, Text("\nThe record itself is not kept any more.", style="dim"))
    for header in item["headers"]:
        facts.add_row(Text(f"header {header['name']}", style="dim"), Text(_content(header["value"])))
    facts.add_row(Text("record key", style="dim"), Text(_content(item["record_key"])))
    return Group(facts, Text("\nvalue", style="dim"), Text(_indented(item["value"])))


def _content(said: Json | None) -> str:
    if said is None:
        return "none"
    return str(said["content"]) if said["encoding"] == "utf-8" else f"base64: {said['content']}"


def _indented(value: Json | None) -> str:
    text = _content(value)
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def counts(shares: Sequence[Share], how: How, *, done: bool) -> str:
    """Say in a line for each service how many there are, or how many it was."""
    lines = []
    for share in shares:
        number, by_code = (share.count, share.by_code) if done else (share.total, share.matching)
        reasons = ", ".join(f"{count:,} {code}" for code, count in sorted(by_code.items())) or "none"
        of = f" of {share.matching.total():,}" if not done and share.total < share.matching.total() else ""
        skipped = "".join(f"; {count:,} not: {why}" for why, count in sorted(share.skipped.items()))
        verb = DONE[how] if done else f"to {how}"
        lines.append(f"{share.service}: {number:,}{of} {verb} ({reasons}){skipped}")
    return "\n".join(lines)
