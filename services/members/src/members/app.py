"""How members is put together."""

from functools import partial
from pathlib import Path

from contracts.personal import read_key as read_letters_key
from members import api
from members.api.parts import Desk
from members.clients.hashes import Hashes, read_key
from members.clients.tills import Tills
from members.clients.vault import Vault
from members.consumer import Registrations, Rewards
from members.domain.identifiers import Kind, Spelling
from members.handlers.submissions import Office
from members.schedule import JOBS
from members.settings import Settings
from shared.batches import Handler
from shared.ids import random_bytes
from shared.service import Parts, Resources, run

NAME = "members"
MIGRATIONS = Path(__file__).parents[2] / "migrations"


def main() -> None:
    """Run members until it is told to stop."""
    settings = Settings()
    run(name=NAME, settings=settings, migrations=MIGRATIONS, assemble=partial(assemble, settings=settings))


def assemble(resources: Resources, *, settings: Settings) -> Parts:
    """Put the parts together; every key is read here, so a missing one is found at the start."""
    office = office_of(settings)
    desk = Desk(pool=resources.pool, clock=resources.clock, verifier=resources.verifier, nudge=resources.nudge, office=office)
    letters_key = read_letters_key(settings.registrations.private_key_file.read_bytes())
    if not letters_key.is_private:
        raise ValueError(f"{settings.registrations.private_key_file} is no private key: it would open no registration")
    handlers: dict[str, Handler] = {"loyalty.registrations.v1": Registrations(office, letters_key), "loyalty.rewards.v1": Rewards()}
    return Parts(handlers=handlers, routers=api.routers(desk), jobs=JOBS)


def office_of(settings: Settings) -> Office:
    """Open the office with the keys and spellings that the settings name."""
    identifiers = settings.identifiers
    files = {Kind.CARD: identifiers.card_key_file, Kind.PHONE: identifiers.phone_key_file, Kind.EMAIL: identifiers.email_key_file}
    prefixes = frozenset({identifiers.card_prefix, *identifiers.card_prefixes.values()})
    return Office(
        spelling=Spelling(region=identifiers.region, card_prefixes=prefixes),
        card_prefix=identifiers.card_prefix,
        card_prefixes=identifiers.card_prefixes,
        hashes=Hashes({kind: read_key(file) for kind, file in files.items()}),
        tills=Tills.from_file(settings.till.public_key_file),
        vault=Vault(read_key(settings.personal.key_file), random_bytes=random_bytes),
    )
