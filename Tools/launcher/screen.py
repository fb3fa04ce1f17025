"""Words on the terminal: colours only where a person is looking."""

import os
import sys
import threading

_lock = threading.Lock()
_COLOURS = ["36", "33", "35", "32", "34", "96", "93", "95"]


def is_terminal() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and "NO_COLOR" not in os.environ


def paint(text: str, code: str) -> str:
    return f"\033[{code}m{text}\033[0m" if is_terminal() else text


def bold(text: str) -> str:
    return paint(text, "1")


def say(text: str = "") -> None:
    """One whole line (or block) at once, so that threads do not write into each other's lines."""
    with _lock:
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except (BrokenPipeError, ValueError):
            pass  # Nobody reads any more; the processes matter more than the words.


def progress(text: str) -> None:
    """Overwrites the current line on a terminal; does nothing elsewhere."""
    if not is_terminal():
        return
    try:
        width = os.get_terminal_size().columns
    except OSError:
        width = 80
    with _lock:
        sys.stdout.write("\r\033[K" + text[: max(width - 1, 10)])
        sys.stdout.flush()


def end_progress() -> None:
    if is_terminal():
        with _lock:
            sys.stdout.write("\r\033[K")
            sys.stdout.flush()


def prefix(name: str, position: int, width: int) -> str:
    """The coloured name in front of a process's log lines."""
    return paint(name.ljust(width) + " |", _COLOURS[position % len(_COLOURS)])


def table(rows: list[tuple[str, ...]], indent: str = "  ") -> str:
    """Columns as wide as their longest cell."""
    if not rows:
        return ""
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(max(len(row) for row in rows))]
    lines = []
    for row in rows:
        cells = [cell.ljust(widths[i]) for i, cell in enumerate(row)]
        lines.append((indent + "  ".join(cells)).rstrip())
    return "\n".join(lines)
