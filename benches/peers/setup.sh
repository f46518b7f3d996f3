#!/bin/sh
# Makes a Python environment for `cargo xtask bench`. Runs again at no cost.
#
#     setup.sh            target/peers, for --only desktop,footpoint
#     setup.sh bbob       target/peers-bbob, for --only bbob
#     setup.sh litert     target/peers-litert, for --only int8 --models DIR
set -eu

here=$(cd "$(dirname "$0")" && pwd)
target=$(dirname "$(dirname "$here")")/target

case ${1-} in
'')
    environment=$target/peers requirements=$here/requirements.txt modules='jax, torch'
    note='(torch brings several GB of GPU libraries, unless the index of pip has a CPU build)'
    ;;
bbob)
    environment=$target/peers-bbob requirements=$here/bbob/requirements.txt modules='cma, cocoex, scipy'
    note=''
    ;;
litert)
    environment=$target/peers-litert requirements=$here/litert/requirements.txt
    modules='ai_edge_litert, numpy'
    note=''
    ;;
*)
    echo "usage: $0 [bbob|litert]" >&2
    exit 2
    ;;
esac
installed=$environment/requirements.txt

if cmp -s "$requirements" "$installed"; then
    echo "$environment is up to date"
    exit
fi
if [ ! -x "$environment/bin/pip" ]; then
    echo "making $environment"
    "${PYTHON:-python3}" -m venv "$environment"
fi
echo "installing $(tr '\n' ' ' <"$requirements")$note"
"$environment/bin/pip" install --quiet --requirement "$requirements"
"$environment/bin/python" -c "import $modules"
cp "$requirements" "$installed"
echo "$environment is ready"
