"""PyPI, as it answers without a network."""


def get_package_info(package_name, retries=5):
    return None


def get_latest_version(package_name):
    return None
