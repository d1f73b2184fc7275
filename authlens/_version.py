"""The version of authlens."""

__version__ = "0.1.0"
