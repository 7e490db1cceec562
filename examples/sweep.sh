#!/bin/sh
# Signal against flip angle for two repetition times: a table with a row per run, the curves, and all images on one sheet.
set -e
larmor sweep gre sphere --set flip=5deg:60deg:6 --set tr=20ms,100ms --set n=16 -o ernst.csv --curve ernst.svg --sheet ernst.png
