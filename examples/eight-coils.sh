#!/bin/sh
# Eight receive coils around the head, with noise: one signal per coil, their combined image and the image of each.
set -e
larmor simulate epi head2d --set n=64 --coils 8 --snr 100 --seed 1 --quiet -o raw.mrd -o signal.npy
larmor reconstruct raw.mrd -o head.png
larmor reconstruct raw.mrd --part coils -o coils.png -o coils.nii.gz
