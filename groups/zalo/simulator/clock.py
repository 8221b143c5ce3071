"""The platform's clock: real time plus an offset, or standing still."""

import time


class Clock:
    """Milliseconds since 1970, movable forwards, and able to stand still."""

    def __init__(self) -> None:
        self.offset_ms = 0
        self.frozen_at: int | None = None

    def now(self) -> int:
        if self.frozen_at is not None:
            return self.frozen_at
        return int(time.time() * 1000) + self.offset_ms

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    def advance(self, seconds: float) -> None:
        """Move forwards, frozen or not."""
        if seconds < 0:
            raise ValueError("the clock only moves forwards")
        if self.frozen_at is not None:
            self.frozen_at += int(seconds * 1000)
        self.offset_ms += int(seconds * 1000)

    def freeze(self) -> None:
        self.frozen_at = self.now()

    def thaw(self) -> None:
        """Run on from the moment it stands at."""
        if self.frozen_at is not None:
            self.offset_ms = self.frozen_at - int(time.time() * 1000)
            self.frozen_at = None

    def back_to_real_time(self) -> None:
        self.offset_ms, self.frozen_at = 0, None
