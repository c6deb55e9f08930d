"""The exceptions of urllib3."""


class HTTPError(Exception):
    """Any failure."""


class HTTPWarning(Warning):
    """A warning."""


class InsecureRequestWarning(HTTPWarning):
    """A server is not verified."""


class PoolError(HTTPError):
    """A failure of a pool of connections."""


class RequestError(PoolError):
    """A failure of a request."""


class MaxRetryError(RequestError):
    """Retries did not help."""


class ProtocolError(HTTPError):
    """A connection broke."""


class TimeoutError(HTTPError):
    """A server did not answer in time."""


class NewConnectionError(HTTPError):
    """A server was not reached."""
