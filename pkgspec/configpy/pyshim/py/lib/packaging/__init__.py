"""The parts of the packaging project that config.py files use, by PEP 440.

They are here so that results do not depend on what a machine has installed.
"""
