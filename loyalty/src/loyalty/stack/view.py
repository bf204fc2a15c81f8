"""Says where everything is."""

from rich.table import Table

from loyalty.console import out, say
from loyalty.hints import try_next
from loyalty.stack.places import Places
from loyalty.stack.state import Service, State

BROKERS = {"kafka": "Apache Kafka", "tansu": "Tansu, in memory", "given": "given"}


def show_whereabouts(found: State, places: Places) -> None:
    """Print the table of what runs, and the lines of what to do next."""
    table = Table(show_edge=False)
    for heading in ("part", "state", "address"):
        table.add_column(heading)
    table.add_row(f"broker ({BROKERS[found.broker.kind]})", "[green]up[/]", found.broker.bootstrap_servers)
    table.add_row(f"PostgreSQL ({found.database})", "[green]up[/]", "")
    for service in found.services.values():
        table.add_row(service.name, _condition(service, ready=found.ready), service.url)
    out.print(table)
    say(f"\nProgrammes     {', '.join(found.programmes) or 'none yet'}")
    say(f"Documentation  {found.services['gateway'].url}/docs")
    say(f"Metrics        {' '.join(f'{service.url}/metrics' for service in found.services.values())}")
    say(f"Logs           {places.logs}")
    say(f"A token        {try_next('token --scope members:read --scope accounts:read', places)}")
    say(f"Is it right?   {try_next('verify', places)}")


def _condition(service: Service, *, ready: bool) -> str:
    if service.failed:
        return "[bold red]failed[/], see its log"
    state = "[green]up[/]" if ready and service.pid else "[yellow]starting[/]"
    return state + (f", restarted {service.restarts} times" if service.restarts else "")
