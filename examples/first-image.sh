#!/bin/sh
# A scan of the built-in head and its picture, with a smaller matrix than the default: raw.mrd, head.png, head.nii.gz.
set -e
larmor simulate epi head2d --set n=64 -o raw.mrd
larmor info raw.mrd
larmor reconstruct raw.mrd -o head.png -o head.nii.gz
