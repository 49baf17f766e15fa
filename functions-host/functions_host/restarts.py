"""How long to wait before a process that has ended is started again."""

_SOUND_SECONDS = 5
_LONGEST_SECONDS = 30


def pause_before_restart(lived: float, last_pause: float, shortest: float = 0.1) -> float:
    """Returns seconds: none after a life that was sound, else longer each time, from `shortest` to half a minute."""
    return 0.0 if lived > _SOUND_SECONDS else longer_pause(last_pause, shortest)


def longer_pause(last_pause: float, shortest: float) -> float:
    """Returns the next pause after one that did not help, in seconds."""
    return min(max(shortest, last_pause * 2), _LONGEST_SECONDS)
