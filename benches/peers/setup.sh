#!/bin/sh
# Makes the Python environment of `cargo xtask bench --only desktop,footpoint`: target/peers. Runs again at no cost.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
environment=$(dirname "$(dirname "$here")")/target/peers
installed=$environment/requirements.txt

if cmp -s "$here/requirements.txt" "$installed"; then
    echo "$environment is up to date"
    exit
fi
if [ ! -x "$environment/bin/pip" ]; then
    echo "making $environment"
    "${PYTHON:-python3}" -m venv "$environment"
fi
echo "installing $(tr '\n' ' ' <"$here/requirements.txt")(torch brings several GB of GPU libraries, unless pip's index has a CPU build)"
"$environment/bin/pip" install --quiet --requirement "$here/requirements.txt"
"$environment/bin/python" -c 'import jax, torch'
cp "$here/requirements.txt" "$installed"
echo "$environment is ready"
