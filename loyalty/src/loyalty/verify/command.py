"""`loyalty verify`."""

import asyncio
from typing import Annotated

import typer

from loyalty.console import COULD_NOT, FAILED, Failure, out, print_json, progress
from loyalty.options import Data, Json, places_of
from loyalty.stack import state
from loyalty.verify.audit import Finding, audit, chosen, offered
from loyalty.verify.report import as_json, as_table, verdict

Everything = Annotated[bool, typer.Option("--all", help="Count every violation instead of stopping a check after 100.")]
Invariant = Annotated[str | None, typer.Option("--invariant", metavar="ID", help="Check this one only, for example I2.")]
Database = Annotated[
    list[str] | None,
    typer.Option("--database", metavar="SERVICE=URL", help="A service's database, by a role that may read it. Where none is given: those of the local stack."),
]


def verify(*, as_json_: Json = False, everything: Everything = False, invariant: Invariant = None, database: Database = None, data: Data = None) -> None:
    """Check that every event counted exactly once and no row was changed since.

    Read only, streaming, safe on production. Exit code 0: clean. 1: damaged, and the first damaged row is named. 2: could not check.

    Examples:
      loyalty verify
      loyalty verify --invariant I2 --json
      loyalty verify --all --data .local/demo
      loyalty verify --database accrual=postgresql://verify@db.internal/accrual
    """
    urls = given_urls(database) if database else state.running(places_of(data)).verify_urls
    questions = chosen(offered(), services=urls, invariant=invariant)

    async def collect() -> list[Finding]:
        findings = []
        with progress("Checking", total=len(questions), unit="checks") as advance:
            async for finding in audit(questions, urls=urls, exhaustive=everything):
                findings.append(finding)
                advance(len(findings))
        return findings

    findings = asyncio.run(collect())
    if as_json_:
        print_json(as_json(findings))
    else:
        out.print(as_table(findings))
        out.print(verdict(findings), soft_wrap=True)
    if not all(finding.clean for finding in findings):
        raise typer.Exit(FAILED)


def given_urls(database: list[str]) -> dict[str, str]:
    """Read `SERVICE=URL` options. Fails where one is neither."""
    urls = {}
    for text in database:
        service, sign, url = text.partition("=")
        if not (service and sign and url):
            raise Failure(
                f"--database {text!r} is not SERVICE=URL.", advice="For example: --database accrual=postgresql://verify@host/accrual.", code=COULD_NOT
            )
        urls[service] = url
    return urls
