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
import os
import shlex
import shutil
import subprocess
import tempfile
import warnings

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
    words = shlex.split(os.environ.get("LARMOR", ""))
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
    with tempfile.TemporaryDirectory(prefix="larmor-") as folder:
        return _run([*arguments, *_words(options, folder)])


def simulate(sequence="epi", phantom="head2d", **options):
    """Simulates a scan. `sequence` and `phantom` are files or built-in names; see the module for `options`."""
    folder = tempfile.TemporaryDirectory(prefix="larmor-")
    files = {name: os.path.join(folder.name, name) for name in ("raw.mrd", "raw.npy")}
    outputs = [word for path in files.values() for word in ("-o", path)]
    words = _words(options, folder.name)
    summary = _run(["simulate", sequence, phantom, *outputs, *words])
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
        if name == "set":
            value = [f"{key}={_text(setting)}" for key, setting in value.items()]
        elif name == "scanner" and isinstance(value, dict):
            path = os.path.join(folder, "scanner.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(value, file)
            value = path
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is True:
                words.append(option)
            elif one is not None and one is not False:
                words.append(f"{option}={_text(one)}")
    return words


def _text(value):
    """Numbers as JavaScript reads them: repr keeps every digit."""
    return value if isinstance(value, str) else os.fspath(value) if hasattr(value, "__fspath__") else repr(_plain(value))


def _plain(value):
    """NumPy's scalars as Python's own."""
    return value.item() if isinstance(value, np.generic) else value


def _run(arguments):
    words = [*command(), *(os.fspath(argument) for argument in arguments), "--json", "--quiet"]
    try:
        ended = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", check=False)
    except OSError as error:
        raise LarmorError(f"{words[0]} cannot be started: {error.strerror}", 66) from error
    lines = [line for line in ended.stderr.splitlines() if line.startswith("larmor: ")]
    messages = [line[len("larmor: ") :] for line in lines]
    for message in messages:
        if message.startswith("warning: "):
            warnings.warn(message[len("warning: ") :], LarmorWarning, stacklevel=3)
    if ended.returncode != 0:
        errors = [message for message in messages if not message.startswith("warning: ")]
        raise LarmorError(errors[-1] if errors else ended.stderr.strip() or "no message", ended.returncode)
    return json.loads(ended.stdout)
