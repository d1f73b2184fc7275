"""What must never leave: tokens, signatures, keys and secrets are masked, people become pseudonyms.

Every text is masked before it is shortened, so that no half of a secret survives a cut.
"""

from __future__ import annotations

from authlens.redact.members import Member, members
from authlens.redact.people import MAIL, MOST_ALIKE, SHORTEST, TECHNICAL, Pseudonyms, is_personal, leaves
from authlens.redact.secrets import fingerprint, is_random, mask, masked

__all__ = [
    "MAIL",
    "MOST_ALIKE",
    "SHORTEST",
    "TECHNICAL",
    "Member",
    "Pseudonyms",
    "fingerprint",
    "is_personal",
    "is_random",
    "leaves",
    "mask",
    "masked",
    "members",
]
