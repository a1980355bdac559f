#!/usr/bin/env bash
# Tries the four scripts of this folder on small untrained models, in a virtual environment with the libraries that PyPI has
# (some gigabytes with PyTorch): bash examples/predict/try.sh [FOLDER OF THE ENVIRONMENT]
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=${1:-${TMPDIR:-/tmp}/barlow-predict-venv}
if ! "$venv/bin/python" -c 'import torch, torchvision, timm, keras, transformers' 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet torch torchvision timm keras transformers pillow || {
    echo 'PyPI cannot be reached: the scripts for timm, Keras and Hugging Face were not tried.' >&2
    exit 0
  }
fi
PREDICT_PYTHON=$venv/bin/python npx vitest run tests/examples
