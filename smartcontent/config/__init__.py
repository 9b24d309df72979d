"""The product's settings; nothing here imports more than the standard library.

gunicorn.conf.py loads this package on its own, before gevent has patched what drivers import.
"""

from .settings import SETTINGS, ConfigurationError, Setting, cleaned, from_environment

__all__ = ["SETTINGS", "ConfigurationError", "Setting", "cleaned", "from_environment"]
