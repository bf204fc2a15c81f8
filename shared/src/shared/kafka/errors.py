"""What goes wrong with a broker, in words that need no Kafka library."""


class UnavailableError(ConnectionError):
    """The broker could not be asked, or did not answer in time. Trying again may help."""


class UnpublishedError(Exception):
    """Some of these records may not be in Kafka. Those that are may be sent again: they have the same ids."""
