"""The adapters of requests."""


class HTTPAdapter:
    """Settings without an effect."""

    def __init__(self, *args, **kwargs):
        pass
