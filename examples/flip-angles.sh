#!/bin/sh
# The same gradient echo at several flip angles: grey and white matter change places. One folder each for raw data, one picture each.
set -e
mkdir -p raw
for flip in 5 20 60; do
  larmor simulate gre head2d --set n=32 --set flip=${flip}deg --set phantom.voxel=0.006 --quiet -o raw/flip$flip.mrd
  larmor reconstruct raw/flip$flip.mrd -o flip$flip.png
done
