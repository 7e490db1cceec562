#!/bin/sh
# A head that nods while it is scanned: a rigid track beside a built-in phantom.
set -e
cat > nod.csv <<'END'
# seconds, metres, degrees; straight lines between the rows
time, y, yaw
0,    0,     0
0.04, 0.002, 4
0.10, 0,     0
END
larmor simulate epi head2d --set n=64 --motion nod.csv --quiet -o nod.mrd
larmor reconstruct nod.mrd -o nod.png
larmor phantom make sphere --set voxel=0.01 --motion nod.csv -o nodding.phantom
