"""Reads an identifier as somebody typed it: into the normal form that every store computes too, or into what is wrong with it."""

from contracts.normal_forms import NoIdentifierError, normal_form
from members.domain.identifiers import Fault, Identifier, Kind, Spelling


def normalise(kind: Kind, typed: str, *, spelling: Spelling) -> Identifier | Fault:
    """Bring an identifier into its normal form, or say what is wrong with it."""
    try:
        normal = normal_form(kind, typed, region=spelling.region, card_prefixes=spelling.card_prefixes)
    except NoIdentifierError as error:
        return Fault(error.code, error.message)
    return Identifier(kind, typed.strip(), normal)
