"""The exceptions of requests."""


class RequestException(IOError):
    """Any failure of a request."""

    def __init__(self, *args, **kwargs):
        self.response, self.request = kwargs.pop("response", None), kwargs.pop("request", None)
        super().__init__(*args)


class HTTPError(RequestException):
    """A server answered with an error."""


class ConnectionError(RequestException):
    """A server was not reached."""


class SSLError(ConnectionError):
    """A server was not trusted."""


class ProxyError(ConnectionError):
    """A proxy was not reached."""


class Timeout(RequestException):
    """A server did not answer in time."""


class ConnectTimeout(ConnectionError, Timeout):
    """A server was not reached in time."""


class ReadTimeout(Timeout):
    """A server sent nothing in time."""


class TooManyRedirects(RequestException):
    """A server sent the request around."""


class URLRequired(RequestException):
    """A request needs a URL."""


class InvalidURL(RequestException, ValueError):
    """A URL is none."""


class ChunkedEncodingError(RequestException):
    """A server's answer was cut off."""


class RetryError(RequestException):
    """Retries did not help."""


class JSONDecodeError(RequestException, ValueError):
    """A server's answer was no JSON."""
