"""Turns a page into HTML."""

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from loyalty.console import COULD_NOT, Failure
from loyalty.page.parts import Page


def html_of(page: Page) -> str:
    """Write the page as one HTML document that needs nothing else."""
    return _environment().get_template("page.html.j2").render(page=page)


def write_page(page: Page, path: Path) -> None:
    """Write the page to a file. Fails where that cannot be written."""
    try:
        path.write_text(html_of(page), "utf-8")
    except OSError as error:
        raise Failure(f"Cannot write {path}: {error.strerror}.", code=COULD_NOT) from error


@lru_cache(1)
def _environment() -> Environment:
    return Environment(loader=PackageLoader("loyalty.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
