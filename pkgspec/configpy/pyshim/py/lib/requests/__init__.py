"""requests, as it behaves without a network."""

from requests import adapters, exceptions
from requests.exceptions import (  # noqa: F401
    ConnectionError, ConnectTimeout, HTTPError, JSONDecodeError, ReadTimeout, RequestException, Timeout, TooManyRedirects,
    URLRequired,
)


def request(method, url, **kwargs):
    raise ConnectionError("there is no network while config.py runs: %s" % url)


def get(url, params=None, **kwargs):
    return request("get", url)


def head(url, **kwargs):
    return request("head", url)


def post(url, data=None, json=None, **kwargs):
    return request("post", url)


def put(url, data=None, **kwargs):
    return request("put", url)


def delete(url, **kwargs):
    return request("delete", url)


class Session:
    """A session that reaches nothing."""

    def __init__(self):
        self.headers, self.params, self.cookies, self.verify, self.auth = {}, {}, {}, True, None

    def request(self, method, url, **kwargs):
        return request(method, url)

    def get(self, url, **kwargs):
        return request("get", url)

    head = post = put = delete = get

    def mount(self, prefix, adapter):
        pass

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def session():
    return Session()
