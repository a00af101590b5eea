"""A folder for compiled kernels where numba would find none.

numba and `compiled` keep machine code in `$NUMBA_CACHE_DIR`, else in `__pycache__` beside the source, else in the
user's cache folder. Where neither of the last two can be written (an installed package and no home, as in many
containers) numba stops with "no locator available". Then a folder of the user's own among the temporary files takes
their place.
"""

import contextlib
import logging
import os
import stat
import sys
from pathlib import Path

_log = logging.getLogger(__name__)


def provide_cache_folder() -> None:
    """Set `NUMBA_CACHE_DIR`, for this process and those it starts, if it has to be. Called by `corpus.kernels`."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    if os.environ.get("NUMBA_CACHE_DIR") or _may_hold_files(Path(__file__).parent / "__pycache__"):
        return
    if _may_hold_files(user):
        return
    folder = Path(os.environ.get("TMPDIR") or "/tmp") / f"siku-kernels-{os.getuid()}"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _may_hold_files(folder) or not _is_private(folder):
        _log.warning("kernels cannot be kept in %s; set NUMBA_CACHE_DIR to a folder that can be written", folder)
        return
    _log.warning("kernels are kept in %s; set NUMBA_CACHE_DIR to a folder that lasts", folder)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = str(folder)


def _may_hold_files(folder: Path) -> bool:
    """Whether files can be written there, in a folder that is there or can be made."""
    while not os.path.lexists(folder):
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _is_private(folder: Path) -> bool:
    """Whether nobody else can write there: machine code that is kept is run."""
    try:
        about = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid() and not about.st_mode & 0o022
