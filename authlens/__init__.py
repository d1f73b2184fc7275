"""authlens: the root cause of every token that a .NET API refused, from its logs.

``scan``, ``validate`` and ``codes`` are looked up when first used, so that importing authlens costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from authlens._version import __version__

if TYPE_CHECKING:
    from authlens import messages as codes
    from authlens.pipeline import scan
    from authlens.trust.validate import validate

__all__ = ["__version__", "codes", "scan", "validate"]

_PUBLIC = {
    "codes": ("authlens.messages", None),
    "scan": ("authlens.pipeline", "scan"),
    "validate": ("authlens.trust.validate", "validate"),
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PUBLIC[name]
    found = importlib.import_module(module)
    return found if attribute is None else getattr(found, attribute)
