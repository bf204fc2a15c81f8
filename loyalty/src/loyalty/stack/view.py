"""Says where everything is."""

from rich.console import Group
from rich.table import Table

from loyalty.stack.state import Service, State

BROKERS = {"kafka": "Apache Kafka", "tansu": "Tansu, in memory", "given": "given"}


def whereabouts(found: State) -> Group:
    """Make the table of what runs, and the lines of what to do next."""
    table = Table(show_edge=False)
    for heading in ("part", "state", "address", "log"):
        table.add_column(heading, overflow="fold")
    table.add_row(f"broker ({BROKERS[found.broker.kind]})", "[green]up[/]", found.broker.bootstrap_servers, "")
    table.add_row(f"PostgreSQL ({found.database})", "[green]up[/]", "", "")
    for service in found.services.values():
        table.add_row(service.name, _condition(service, ready=found.ready), service.url, service.log)
    gateway = found.services["gateway"].url
    metrics = " ".join(f"{service.url}/metrics" for service in found.services.values())
    lines = [
        "",
        f"Programmes     {', '.join(found.programmes) or 'none yet'}",
        f"Documentation  {gateway}/docs",
        f"Metrics        {metrics}",
        "A token        loyalty token --scope members:read --scope accounts:read",
        "Is it right?   loyalty verify",
    ]
    return Group(table, *lines)


def _condition(service: Service, *, ready: bool) -> str:
    if service.failed:
        return "[bold red]failed[/], see its log"
    state = "[green]up[/]" if ready and service.pid else "[yellow]starting[/]"
    return state + (f", restarted {service.restarts} times" if service.restarts else "")
