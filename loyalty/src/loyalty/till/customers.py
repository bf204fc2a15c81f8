"""Who stands at the till: by the keys that the store has, or else by asking the gateway."""

from collections.abc import Sequence

from contracts.normal_forms import NoIdentifierError
from contracts.replies import Account
from loyalty.console import Failure
from loyalty_client import Gateway, IdentifierKeys
from loyalty_client.identifiers import Kind


class Customers:
    """Knows customers by what they show. With the key of its kind a card is known without the gateway."""

    def __init__(self, keys: IdentifierKeys, gateway: Gateway) -> None:
        self._keys = keys
        self._gateway = gateway

    async def holder(self, kind: Kind, shown: str) -> str:
        """Return the holder to publish under. Fails for what is no card, phone or address; raises ProblemError where it has to ask and cannot."""
        if kind not in self._keys.keys:
            return (await self._gateway.look_up(kind, shown)).identifier
        try:
            return self._keys.holder(kind, shown)
        except NoIdentifierError as error:
            raise Failure(f"{shown} is no {kind}: {error.code}.") from error

    async def accounts(self, kind: Kind, shown: str) -> tuple[str, Sequence[Account]]:
        """Return who it is, in words, and their accounts. Raises ProblemError."""
        found = await self._gateway.look_up(kind, shown)
        return ("a guest" if found.member is None else f"member {found.member.member_id}"), found.accounts or ()
