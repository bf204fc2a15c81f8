"""Identifiers of customers, as they travel: a keyed hash of the one normal form."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from contracts.identifiers import identifier_hash, identifier_key
from contracts.normal_forms import NoIdentifierError, normal_form

Kind = Literal["card", "phone", "email", "visitor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierKeys:
    """The keys that a store was given, by kind. A till has the card's only; whoever lacks a key asks the gateway (`look_up`)."""

    keys: Mapping[str, bytes] = field(repr=False)
    region: str = "RU"
    """Where a phone number without a country code is from (ISO 3166); the same as at members."""
    card_prefixes: Collection[str] | None = None
    """The first four digits of the programme's cards; any where none are named."""

    @classmethod
    def from_files(
        cls, *, card: Path | None = None, phone: Path | None = None, email: Path | None = None, region: str = "RU", card_prefixes: Collection[str] | None = None
    ) -> "IdentifierKeys":
        """Read the keys, each 32 bytes as base64url, from files. Raises ValueError for what is none, naming the kind and never the key."""
        files = {"card": card, "phone": phone, "email": email}
        keys = {}
        for kind, file in files.items():
            if file is not None:
                try:
                    keys[kind] = identifier_key(file.read_text())
                except ValueError as error:
                    raise ValueError(f"the {kind} key: {error}") from None
        return cls(keys=keys, region=region, card_prefixes=card_prefixes)

    def holder(self, kind: Kind, typed: str) -> str:
        """Return the holder that an identifier stands for: `h1:…`, or `v:…` for a visitor id, which is random already.

        However it was typed, it is brought into its normal form first. Raises NoIdentifierError, with a `code`, for what is no identifier of
        its kind, and KeyError where the kind's key is not here.
        """
        normal = normal_form(kind, typed, region=self.region, card_prefixes=self.card_prefixes)
        return f"v:{normal}" if kind == "visitor" else identifier_hash(key=self.keys[kind], kind=kind, normal_form=normal)


__all__ = ["IdentifierKeys", "Kind", "NoIdentifierError"]
