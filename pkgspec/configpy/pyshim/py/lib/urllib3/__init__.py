"""urllib3, of which only the exceptions are of use without a network."""
