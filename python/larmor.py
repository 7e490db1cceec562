"""Larmor, the MRI simulator, from Python: a call runs the command `larmor` and returns NumPy arrays.

    import larmor
    scan = larmor.simulate("gre", "head2d", set={"flip": "15deg"}, coils=8, snr=50)
    scan.signal              # complex128 (coils, samples)
    scan.image()             # complex64 (repetition, contrast, slice, y, x)
    scan.summary["spins"]    # what `larmor simulate --json` prints

Keyword arguments are the options of the command, with underscores: `t2prime="analytic"` is `--t2prime analytic`, `exact=True`
is `--exact`; lists repeat an option. Two are more: `set` is a mapping of parameters, and `scanner` may be a mapping with the
keys of a scanner file. The command is what the environment variable LARMOR says (words as in a shell, so that
`mpirun -np 4 larmor` works), else `larmor` on PATH, else the built one beside this file.
"""

import json
import numbers
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Mapping

import numpy as np

__all__ = ["LarmorError", "LarmorWarning", "Simulation", "command", "run", "simulate"]
__version__ = "0.1.0"


class LarmorError(Exception):
    """The command failed. `exit_code`: 2 usage, 65 bad data, 66 missing file, 70 internal, 73 cannot write, 75 stopped."""

    def __init__(self, message, exit_code):
        super().__init__(message)
        self.exit_code = exit_code


class LarmorWarning(UserWarning):
    """A warning of the command."""


def command():
    """The words that start Larmor."""
    try:
        words = shlex.split(os.environ.get("LARMOR", ""))
    except ValueError as error:
        raise LarmorError(f"LARMOR={os.environ['LARMOR']} cannot be split into words: {error}", 2) from error
    if words:
        return words
    found = shutil.which("larmor")
    if found:
        return [found]
    built = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "dist", "larmor.js")
    if os.path.exists(built):
        return ["node", built]
    raise LarmorError("there is no command 'larmor'; put it on PATH, or set LARMOR to the command that starts it", 66)


def run(*arguments, **options):
    """Runs `larmor ARGUMENTS --json` and returns its object: `run("info", "gre")`, `run("plan", "gre", "head2d", threads=2)`."""
    words = [_word(f"argument {n}", argument) for n, argument in enumerate(arguments, 1)]
    with tempfile.TemporaryDirectory(prefix="larmor-") as folder:
        return _run([*words, *_words(options, folder)])


def simulate(sequence="epi", phantom="head2d", **options):
    """Simulates a scan. `sequence` and `phantom` are files or built-in names; see the module for `options`."""
    scan = [_word("sequence", sequence), _word("phantom", phantom)]
    folder = tempfile.TemporaryDirectory(prefix="larmor-")
    files = {name: os.path.join(folder.name, name) for name in ("raw.mrd", "raw.npy")}
    outputs = [word for path in files.values() for word in ("-o", path)]
    words = _words(options, folder.name)
    summary = _run(["simulate", *scan, *outputs, *words])
    return Simulation(summary, folder, files)


class Simulation:
    """A simulated scan: `signal`, `summary`, `image()` and the raw data."""

    def __init__(self, summary, folder, files):
        self.summary = summary
        # Removed with this object.
        self._folder = folder
        self._raw = files["raw.mrd"]
        signal = np.load(files["raw.npy"]).astype(np.complex128)
        #: complex128 (coils, samples): sum of density times coil over all spins, with noise where it was asked for.
        self.signal = signal.reshape(summary["coils"], -1)

    def image(self, coils=False):
        """The image, complex64 (repetition, contrast, slice, y, x); one of each coil, before the other axes, with `coils`."""
        path = os.path.join(self._folder.name, "image.npy")
        _run(["reconstruct", self._raw, "-o", path, *(["--part", "coils"] if coils else [])])
        return np.load(path)

    def save(self, path):
        """Copies the ISMRMRD file (.mrd, .h5)."""
        shutil.copyfile(self._raw, path)

    def ismrmrd(self):
        """The header and the list of acquisitions as objects of the package `ismrmrd`, which must be installed."""
        import ismrmrd
        import ismrmrd.xsd

        with ismrmrd.File(self._raw, mode="r") as file:
            dataset = file["dataset"]
            return dataset.header, list(dataset.acquisitions[:])


def _words(options, folder):
    """Options as the command line has them."""
    words = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        value = _plain(value)
        if name == "set":
            value = _settings(value)
        elif name == "scanner" and isinstance(value, Mapping):
            path = os.path.join(folder, "scanner.json")
            _write_scanner(value, path)
            value = path
        for one in value if isinstance(value, (list, tuple)) else [value]:
            one = _plain(one)
            if one is True:
                words.append(option)
            elif one is not None and one is not False:
                words.append(f"{option}={_text(name, one)}")
    return words


def _settings(value):
    if not isinstance(value, Mapping):
        raise LarmorError(f'set is {value!r}; give a mapping, e.g. set={{"flip": "15deg"}}', 2)
    return [f"{key}={_text(key, setting)}" for key, setting in value.items()]


def _write_scanner(scanner, path):
    try:
        text = json.dumps(dict(scanner), default=_jsonable)
    except (TypeError, ValueError) as error:
        raise LarmorError(f"scanner: {error}; give numbers, strings and lists of them", 2) from error
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _jsonable(value):
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be written as JSON")


def _text(name, value):
    """A value as the command reads it: repr keeps every digit of a number."""
    value = _plain(value)
    if isinstance(value, numbers.Integral):
        return repr(int(value))
    if isinstance(value, numbers.Real):
        return repr(float(value))
    return _word(name, value, "give a number, a string or a path")


def _word(name, value, fix="give a string or a path"):
    try:
        return os.fsdecode(value)
    except TypeError as error:
        raise LarmorError(f"{name} is {value!r}; {fix}", 2) from error


def _plain(value):
    """NumPy's scalars, arrays and arrays without axes as Python's own numbers and lists."""
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value


def _run(arguments):
    started = command()
    words = [*started, *arguments, "--json", "--quiet"]
    try:
        ended = subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise LarmorError(f"{words[0]} cannot be started: {error.strerror}", 66) from error
    except ValueError as error:
        raise LarmorError(f"larmor cannot be given {arguments!r}: {error}", 2) from error
    lines = [line for line in ended.stderr.splitlines() if line.startswith("larmor: ")]
    messages = [line[len("larmor: ") :] for line in lines]
    for message in messages:
        if message.startswith("warning: "):
            warnings.warn(message[len("warning: ") :], LarmorWarning, stacklevel=3)
    if ended.returncode != 0:
        errors = [message for message in messages if not message.startswith("warning: ")]
        raise LarmorError(errors[-1] if errors else _failure(started, ended), ended.returncode)
    try:
        answer = json.loads(ended.stdout)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise LarmorError(f"{shlex.join(started)} is not Larmor: it printed no JSON object; {_HINT}", 66)
    return answer


_HINT = "check the environment variable LARMOR"
#: Characters of another program's messages, at most.
_MOST = 400


def _failure(started, ended):
    """One line about a launcher, or another program, that failed without a message of Larmor."""
    lines = [line.strip() for line in ended.stderr.splitlines() if re.search(r"\w", line)]
    # Node prints a stack trace about what it cannot start.
    stated = [line for line in lines if re.match(r"\w*Error\b.*:", line)] or lines
    text = " ".join(stated)[:_MOST] or "no message"
    hint = f"; {_HINT}" if os.environ.get("LARMOR") and ended.returncode > 0 else ""
    return f"{shlex.join(started)} ended with exit code {ended.returncode}: {text}{hint}"
