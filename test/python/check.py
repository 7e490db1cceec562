"""What a user's script sees; run by module.test.ts. Prints what it found as JSON."""

import json
import sys
import warnings

import larmor
import numpy as np

scan = larmor.simulate("gre", "sphere", set={"n": np.int64(16), "te": "5ms", "phantom.voxel": 8e-3}, coils=2, scanner={"B0": 3})
again = larmor.simulate("gre", "sphere", set={"n": 16, "te": 0.005, "phantom.voxel": "8mm"}, precision="f64", exact=True)


def error(call):
    try:
        call()
    except larmor.LarmorError as caught:
        return [caught.exit_code, str(caught)]
    return None


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
        "option": error(lambda: larmor.simulate("gre", "sphere", no_such_option=1)),
        "warnings": [str(one.message) for one in caught if one.category is larmor.LarmorWarning],
    },
    sys.stdout,
)
