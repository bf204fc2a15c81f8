"""The terms as Markdown and as one page of HTML that needs nothing beside it."""

from dataclasses import asdict
from html import escape
from typing import Any

from accrual.domain.terms.page import Paragraph, PublicTerms
from accrual.domain.terms.words import Said

_VERSION = Said("Version {number}", "Редакция {number}")
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    "h1{line-height:1.2}h2{margin-top:2rem}"
    "p{margin:.5rem 0}"
    "p code{opacity:.6;font-size:.75rem;margin-left:.5em}"
    ".version{opacity:.7}"
)


def as_markdown(terms: PublicTerms) -> str:
    """Write the terms as Markdown; each paragraph ends with the part of the document that it is made of."""
    lines = [f"# {terms.name}", "", _VERSION.in_(terms.language).format(number=terms.version), ""]
    for section in terms.sections:
        lines += [f"## {section.title}", ""]
        for paragraph in section.paragraphs:
            heading = f"**{paragraph.heading}.** " if paragraph.heading else ""
            lines += [f"{heading}{paragraph.text} `{paragraph.part}`", ""]
    return "\n".join(lines)


def as_html(terms: PublicTerms) -> str:
    """Write the terms as one page. Every text of the document is escaped."""
    body = [f"<h1>{escape(terms.name)}</h1>", f'<p class="version">{_VERSION.in_(terms.language).format(number=terms.version)}</p>']
    for section in terms.sections:
        body += [f"<h2>{escape(section.title)}</h2>", *map(_paragraph, section.paragraphs)]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(terms.name)}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="{terms.language}"><head>{head}</head>\n<body>\n' + "\n".join(body) + "\n</body></html>\n"


def as_record(terms: PublicTerms) -> dict[str, Any]:
    """Return the terms as JSON values."""
    sections = [{"title": section.title, "paragraphs": [asdict(paragraph) for paragraph in section.paragraphs]} for section in terms.sections]
    return {"programme": terms.programme, "version": terms.version, "language": terms.language, "name": terms.name, "sections": sections}


def _paragraph(paragraph: Paragraph) -> str:
    heading = f"<strong>{escape(paragraph.heading)}.</strong> " if paragraph.heading else ""
    return f'<p id="{escape(paragraph.part)}">{heading}{escape(paragraph.text)} <code>{escape(paragraph.part)}</code></p>'
