"""What a user's script sees; run by module.test.ts. Prints what it found as JSON."""

import json
import os
import sys
import warnings

import larmor
import numpy as np

scan = larmor.simulate("gre", "sphere", set={"n": np.int64(16), "te": "5ms", "phantom.voxel": 8e-3}, coils=2, scanner={"B0": 3})
again = larmor.simulate("gre", "sphere", set={"n": 16, "te": 0.005, "phantom.voxel": "8mm"}, precision="f64", exact=True)


plain = {"flip": 0.25, "n": 8, "phantom.voxel": 8e-3}
numpy = {"flip": np.array(0.25), "n": np.array(8), "phantom.voxel": np.float64(8e-3)}
alike = [
    larmor.simulate("gre", "sphere", set=plain, exact=True, coils=2),
    larmor.simulate("gre", "sphere", set=numpy, exact=np.bool_(True), strict=np.bool_(False), coils=np.array(2)),
]


def error(call):
    try:
        call()
    except larmor.LarmorError as caught:
        return [caught.exit_code, str(caught)]
    return None


def started_by(words):
    """The error of a call with LARMOR set to these words."""
    own = os.environ["LARMOR"]
    os.environ["LARMOR"] = words
    try:
        return error(lambda: larmor.run("info", "gre"))
    finally:
        os.environ["LARMOR"] = own


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    larmor.simulate("fid", "column", set={"samples": 8, "flip": 3})
image = scan.image()
scan.save("saved.mrd")
np.save("image.npy", image)
sweep = larmor.run("sweep", "gre", "sphere", set={"n": 8, "flip": "5deg,20deg"}, output="table.csv")
report = larmor.run("report", "saved.mrd", output="report.html")
table = np.genfromtxt("table.csv", delimiter=",", names=True, dtype=None, encoding="utf8")
json.dump(
    {
        "signal": [str(scan.signal.dtype), *scan.signal.shape],
        "coils": [str(image.dtype), *scan.image(coils=True).shape],
        "image": list(image.shape),
        "largest": float(np.abs(image).max()),
        "hash": scan.summary["signalHash"],
        "B0": scan.summary["scanner"]["B0"],
        "precision": again.summary["precision"],
        "digits": bool(np.any(again.signal != again.signal.astype(np.complex64))),
        "energy": float(np.vdot(scan.signal, scan.signal).real),
        "info": larmor.run("info", "gre", set={"n": 64})["matrix"],
        "sweep": [sweep["schema"]["name"], table["flip"].round(6).tolist(), bool(table["mean"][1] > table["mean"][0] > 0)],
        "report": [report["outputs"], len(report["missing"])],
        "missing": error(lambda: larmor.simulate("nowhere.seq", "sphere")),
        "wrong": error(lambda: larmor.simulate("gre", "sphere", set={"flop": 1})),
        "alike": [one.summary["signalHash"] for one in alike],
        "numpyScanner": larmor.run("info", "gre", scanner={"B0": np.array(3), "Gmax": np.float32(0.5)})["matrix"],
        "number": error(lambda: larmor.simulate(3)),
        "argument": error(lambda: larmor.run("info", None)),
        "text": error(lambda: larmor.simulate("gre", "sphere", set="a=1")),
        "list": error(lambda: larmor.simulate("gre", "sphere", set={"n": np.array([1, 2])})),
        "object": error(lambda: larmor.run("info", "gre", scanner={"B0": object})),
        "null": error(lambda: larmor.run("info", "g\0re")),
        "quote": started_by("larmor 'a"),
        "other": [started_by(words) for words in ("true", "echo")],
        "script": started_by(f"'{sys.argv[1]}' /nowhere/larmor.js"),
        "option": error(lambda: larmor.simulate("gre", "sphere", no_such_option=1)),
        "warnings": [str(one.message) for one in caught if one.category is larmor.LarmorWarning],
    },
    sys.stdout,
)
