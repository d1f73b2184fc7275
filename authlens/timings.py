"""How long each stage of a run took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Timings:
    """Seconds of wall clock by stage."""

    stages: dict[str, float] = field(default_factory=dict)

    def add(self, stage: str, began: float) -> None:
        """Adds what has passed since ``began`` (``time.perf_counter``) to a stage."""
        self.stages[stage] = self.stages.get(stage, 0.0) + time.perf_counter() - began
