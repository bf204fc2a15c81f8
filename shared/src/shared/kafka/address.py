"""How a broker is reached."""

import ssl
from typing import Any

from shared.settings import KafkaSettings

Address = str | KafkaSettings
"""Bootstrap servers alone (plain, for one machine), or settings with security."""


def client_arguments(address: Address) -> dict[str, Any]:
    """Return what every client is made with."""
    if isinstance(address, str):
        return {"bootstrap_servers": address}
    arguments: dict[str, Any] = {"bootstrap_servers": address.bootstrap_servers, "security_protocol": address.security_protocol}
    if address.security_protocol == "SASL_SSL":
        arguments["ssl_context"] = ssl.create_default_context(cafile=address.ca_file)
        arguments["sasl_mechanism"] = address.sasl_mechanism
        arguments["sasl_plain_username"] = address.sasl_username
        arguments["sasl_plain_password"] = address.sasl_password_file.read_text().strip() if address.sasl_password_file else None
    return arguments
