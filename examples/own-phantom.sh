#!/bin/sh
# A phantom written to a file once and used many times; a sequence looked at before it is played.
set -e
larmor phantom make sphere --set radius=0.05 --set voxel=0.004 -o sphere.phantom
larmor info sphere.phantom
larmor sequence waveforms fid -o fid.json
larmor plan fid sphere.phantom
larmor simulate fid sphere.phantom --quiet -o fid.npy
