#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the patch that takes the key files out of kube-apiserver's flags, which exclude an
# external signer; kubeadm always writes them, and extraArgs cannot take a flag away.
#
# usage: patch.sh KUBEADM_CONFIG PATCHES_DIRECTORY
#
# KUBEADM_CONFIG names PATCHES_DIRECTORY under patches.directory (kubeadm.yaml beside this
# script). A JSON patch finds a flag by its position, so each removal tests what stands there: a
# kubeadm that orders the flags otherwise stops with an error, and this is run again.
set -eu
[ $# -eq 2 ] || { sed -n '3,/^set /s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }
patch=$2/kube-apiserver+json.yaml

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
mkdir -p "$2"
rm -f "$patch" # the manifest is to be seen without it
KUBEADM_INIT_DRYRUN_DIR=$out kubeadm init phase control-plane apiserver --config "$1" --dry-run >&2

awk '
/^  - command:/ { inside = 1; next }
inside && /^    - / {
    flag = substr($0, 7)
    if (flag ~ /^--service-account-(signing-)?key-file=/) {
        path = "/spec/containers/0/command/" position + 0
        # What is removed later stands further to the front, so that positions stay true.
        all = "- { op: test, path: " path ", value: \"" flag "\" }\n" \
              "- { op: remove, path: " path " }\n" all
        found++
    }
    position++
    next
}
{ inside = 0 }
END {
    if (!found) {
        print "patch.sh: no --service-account-key-file in the manifest" >"/dev/stderr"
        exit 1
    }
    printf "# Written by patch.sh of sa-issuerd.\n%s", all
}' "$out/kube-apiserver.yaml" >"$out/patch"
mv "$out/patch" "$patch"
echo "wrote $patch" >&2
