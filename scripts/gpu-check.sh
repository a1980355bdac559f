#!/usr/bin/env bash
# Checks the ONNX engines on a GPU machine that reaches no network: features and gradients beside onnx-cpu's, rates of
# ResNet-50 beside PyTorch's on the same GPU.
#
#   scripts/gpu-check.sh pack DIR [MIB] [ARCHITECTURE]   here: what the check needs, in parts of at most MIB (60). With an
#       ARCHITECTURE (compute capability without the point: 90 for an H100) CUDA code for other GPUs is left out.
#   DIR/gpu-check.sh run DIR OUT [MOST]                  there: unpacks the parts and checks, batches of at most MOST (256)
#
# Needed here: npm ci done, pip, xz. There: Linux on x64 with glibc, and for PyTorch's side python3 with torch (for CUDA 13,
# whose libraries serve onnx-cuda too), torchvision, onnx and Pillow. onnx-webgpu needs a Vulkan loader (libvulkan1).
set -uo pipefail

pack() {
  local dir=$1 mib=${2:-60} architecture=${3:-} root stage ort version
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  stage=$(mktemp -d)
  set -e
  mkdir -p "$dir" "$stage/node_modules"
  local node=$root/node_modules/node/bin/node
  (cd "$root" && "$node" scripts/bundle.ts "$stage/check" bench/gpu.ts)
  cp "$node" "$stage/node"
  cp -rL "$root/node_modules/onnxruntime-node" "$root/node_modules/onnxruntime-common" "$stage/node_modules/"
  ort=$stage/node_modules/onnxruntime-node/bin/napi-v6
  find "$ort" -mindepth 1 -maxdepth 1 ! -name linux -exec rm -r {} +
  rm -rf "$ort/linux/arm64"
  mkdir -p "$stage/examples/export"
  cp "$root/examples/export/resnet50.py" "$stage/examples/export/"
  cp "$root/bench/gpu_pytorch.py" "$stage/"
  version=$("$node" -p 'require(process.argv[1]).version' "$root/node_modules/onnxruntime-node/package.json")
  # The provider's libraries: on machines without network they come out of the Python package of the same version.
  if pip download -q --no-deps --only-binary=:all: --python-version 3.12 --implementation cp --platform manylinux_2_28_x86_64 \
    --platform manylinux_2_27_x86_64 -d "$stage/wheel" "onnxruntime-gpu==$version"; then
    python3 -m zipfile -e "$stage"/wheel/*.whl "$stage/wheel/files"
    local provider=libonnxruntime_providers_cuda.so libraries=$stage/wheel/files/onnxruntime/capi
    cp "$libraries/libonnxruntime_providers_shared.so" "$ort/linux/x64/"
    if [ -n "$architecture" ]; then
      "$node" "$root/scripts/oneArchitecture.ts" "$libraries/$provider" "$architecture" "$ort/linux/x64/$provider"
    else
      cp "$libraries/$provider" "$ort/linux/x64/"
    fi
  else
    echo "onnxruntime-gpu $version cannot be had from PyPI: onnx-cuda will not be tried"
  fi
  rm -rf "$stage/wheel"
  rm -f "$dir"/part-*
  tar -C "$stage" -c . | xz -T0 -"${XZ_LEVEL:-6}" -c | split -d -b "${mib}M" - "$dir/part-"
  cp "${BASH_SOURCE[0]}" "$dir/gpu-check.sh"
  rm -r "$stage"
  ls -l "$dir"
}

unxz_stream() {
  if command -v xz >/dev/null; then xz -dc -T0; else python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.stdin.buffer), sys.stdout.buffer)'; fi
}

# section NAME SECONDS COMMAND...: what fails is said, and the rest goes on.
section() {
  local name=$1 limit=$2 began=$SECONDS code
  shift 2
  echo "== $name"
  timeout -k 5 "$limit" "$@" 2>&1 | cut -c1-300
  code=${PIPESTATUS[0]}
  if [ $code -eq 124 ] || [ $code -eq 137 ]; then echo "FAILED $name: not done within $limit s"; elif [ $code -ne 0 ]; then echo "FAILED $name: exit code $code"; fi
  echo "-- $name: $((SECONDS - began)) s"
}

check() {
  local dir=$1 out=$2 most=${3:-256} here work
  here=$(mktemp -d)
  work=$here/work
  mkdir -p "$work" "$out"
  echo "date $(date -u +%FT%TZ), $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)"
  nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader 2>&1 || echo 'no nvidia-smi'
  ldconfig -p | grep -m1 libvulkan.so.1 || echo 'no Vulkan loader: onnx-webgpu cannot start'
  cat "$dir"/part-* | unxz_stream | tar -C "$here" -x || { echo 'FAILED: the parts do not unpack'; return 1; }
  echo "unpacked after $SECONDS s"
  # CUDA's libraries as PyTorch's packages bring them.
  local libraries
  libraries=$(python3 -c 'import glob, os, sysconfig; print(":".join(sorted(glob.glob(os.path.join(sysconfig.get_paths()["purelib"], "nvidia", "*", "lib")))))' 2>/dev/null)
  export PYTHONUNBUFFERED=1
  cd "$here" || return 1
  local bench=(./node check/gpu.js)
  local cuda=(env "LD_LIBRARY_PATH=$libraries:${LD_LIBRARY_PATH:-}")
  section images 30 "${bench[@]}" images "$work"
  section 'model from PyTorch' 150 python3 -W ignore gpu_pytorch.py model "$work" examples
  section onnx-cpu 70 "${bench[@]}" engine onnx-cpu onnx-cpu "$work" $((most < 32 ? most : 32)) 25
  section PyTorch 110 python3 -W ignore gpu_pytorch.py rates "$work" examples "$most"
  section onnx-cuda 100 "${cuda[@]}" "${bench[@]}" engine onnx-cuda onnx-cuda "$work" "$most" 70
  section onnx-webgpu 100 "${bench[@]}" engine onnx-webgpu onnx-webgpu "$work" "$most" 60
  section 'onnx-cuda, TF32 off' 40 "${cuda[@]}" NVIDIA_TF32_OVERRIDE=0 "${bench[@]}" engine onnx-cuda 'onnx-cuda, TF32 off' "$work" "$most" 20
  section decoding 40 "${bench[@]}" decoding "$work"
  section table 20 "${bench[@]}" table "$work"
  cp "$work/figures.jsonl" "$out/" 2>/dev/null
  cd / && rm -r "$here"
  echo "done after $SECONDS s"
}

case ${1:-} in
  pack) pack "${@:2}" ;;
  run) mkdir -p "$3" && check "$(cd "$2" && pwd)" "$(cd "$3" && pwd)" "${4:-256}" | tee "$3/log.txt" ;;
  *) sed -n '2,11p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
