#!/usr/bin/env bash
# Builds the engine tfjs-node where the download of @tensorflow/tfjs-node's own native library is closed: the package from
# npm, its addon compiled here against the TensorFlow C library and headers out of PyPI's tensorflow-cpu wheel. The result
# lies in the cache of engines, where every door finds it, as `barlow doctor --install tfjs-node` would leave it.
# Needs: Linux on x64 or arm64, npm, g++, python3 with pip, about 3 GB of disk while it works and 1 GB after. Idempotent.
#
# usage: scripts/tfjs-node-from-pypi.sh
set -euo pipefail

tfjs=4.22.0             # as in src/models/engines: the version that the engine is tested with
tensorflow=2.21.0       # of the wheel; its C API is a superset of that of TensorFlow 2.9, which the package was made for
headers=1.9.0           # node-api-headers: Node-API's own, which do not depend on the version of Node

cache=${RUNNER_TOOL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}}/barlow-gate
folder=$cache/tfjs-node@$tfjs
if [ -e "$folder" ]; then
  echo "tfjs-node is there already: $folder"
  exit 0
fi
for tool in npm g++ python3; do
  command -v "$tool" >/dev/null || { echo "error: $tool is needed to build tfjs-node and is not on the path" >&2; exit 2; }
done

mkdir -p "$cache"
aside=$(mktemp -d "$cache/.install-XXXXXX")
trap 'rm -rf "$aside"' EXIT

echo "Packages of npm (their install scripts, which download elsewhere, are not run)"
(cd "$aside" && echo '{"private": true}' >package.json &&
  npm install --ignore-scripts --no-audit --no-fund --loglevel=error --save-exact "@tensorflow/tfjs-node@$tfjs" "node-api-headers@$headers")

echo "TensorFlow $tensorflow of PyPI"
mkdir "$aside/wheel"
# Any Python's wheel will do: only its C++ libraries and headers are used.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --implementation cp --python-version 3.11 \
  --platform "manylinux_2_27_$(uname -m)" --platform "manylinux_2_17_$(uname -m)" --dest "$aside/wheel" "tensorflow-cpu==$tensorflow"
python3 - "$aside" <<'PYTHON'
import glob, os, sys, zipfile
aside = sys.argv[1]
[wheel] = glob.glob(f"{aside}/wheel/*.whl")
deps = f"{aside}/node_modules/@tensorflow/tfjs-node/deps"
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith("tensorflow/include/"):
            target = f"{deps}/include/{name.removeprefix('tensorflow/include/')}"
        elif name in ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"):
            target = f"{deps}/lib/{name.removeprefix('tensorflow/')}"
        else:
            continue
        if name.endswith("/"):
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(name) as source, open(target, "wb") as out:
            while chunk := source.read(1 << 24):
                out.write(chunk)
os.remove(wheel)
PYTHON

echo "Addon"
package=$aside/node_modules/@tensorflow/tfjs-node
out=$package/lib/napi-v8
mkdir -p "$out"
g++ -O2 -fPIC -shared -std=c++17 -DNAPI_VERSION=8 -DBUILDING_NODE_EXTENSION -w \
  -I"$package" -I"$package/deps/include" -I"$aside/node_modules/node-api-headers/include" \
  "$package/binding/tfjs_backend.cc" "$package/binding/tfjs_binding.cc" \
  -L"$package/deps/lib" -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 "-Wl,-rpath,\$ORIGIN/../../deps/lib" \
  -o "$out/tfjs_binding.node"
rm -rf "$package/deps/include" "$aside/wheel"

echo "A first product on it"
(cd "$aside" && node -e '
  const util = require("node:util");
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const tf = require("@tensorflow/tfjs-node");
  const [[value]] = tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).arraySync();
  if (value !== 11) throw new Error(`1 x 3 + 2 x 4 comes to ${value}`);
')

chmod 755 "$aside"
trap - EXIT
# A folder that is there is whole; of two that build at once the first stays.
mv -T "$aside" "$folder" 2>/dev/null || rm -rf "$aside"
echo "tfjs-node is in $folder"
