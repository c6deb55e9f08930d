#!/usr/bin/env bash
# Compares jetkit with jetson-containers: `make compat`.
#
# JETKIT_TREE    a checkout of jetson-containers; without it the public repository is fetched into .cache
# JETKIT_ORACLE  a folder with the answers of its own resolver (*.json.gz), which are not part of this repository
# JETKIT_TREES   a folder with the two checkouts of docs/comparison.md; made when the repository is fetched
set -euo pipefail

repository=https://github.com/dusty-nv/jetson-containers
commit=dd206bfe # 30 May 2026, the one that docs/compat.md is about
older=3959c7e7  # 20 November 2024, the other one of docs/comparison.md
cd "$(dirname "$0")/../../.."

if [ -z "${JETKIT_TREE-}" ]; then
    JETKIT_TREES=${JETKIT_TREES-$PWD/.cache/trees}
    JETKIT_TREE=$JETKIT_TREES/jetson-containers
    if [ ! -d "$JETKIT_TREE/packages" ]; then
        mkdir -p "$JETKIT_TREES"
        git clone --quiet "$repository" "$JETKIT_TREE" || {
            echo "compat: $repository cannot be fetched; JETKIT_TREE=CHECKOUT uses one that is here" >&2
            exit 1
        }
    fi
    git -C "$JETKIT_TREE" checkout --quiet "$commit"
    [ -d "$JETKIT_TREES/jetson-containers-2024" ] || git -C "$JETKIT_TREE" worktree add --quiet ../jetson-containers-2024 "$older"
fi
JETKIT_TREE=$(cd "$JETKIT_TREE" && pwd)
if [ ! -d "$JETKIT_TREE/packages" ]; then
    echo "compat: $JETKIT_TREE is no checkout of jetson-containers: it has no folder packages" >&2
    exit 1
fi
export JETKIT_TREE JETKIT_TREES=${JETKIT_TREES-} JETKIT_ORACLE=${JETKIT_ORACLE-}

go test -count=1 -timeout 30m ./cmd/internal/compat -v -run 'OwnTree|Oracle|WithLibrary'
if [ -n "$JETKIT_TREES" ]; then
    go test -count=1 ./cmd/jetkit -run 'TestDocs/comparison.md'
fi
JETKIT_TREE=$JETKIT_TREE/packages go test ./cmd/jetkit -run xxx -bench Upstream -benchtime 1x

compared="the small tree in cmd/internal/compat/testdata"
[ -z "$JETKIT_ORACLE" ] || compared="all of $JETKIT_TREE"
echo "compat: compared with the answers of jetson-containers' resolver for $compared"
[ -n "$JETKIT_ORACLE" ] || echo "compat: NOT compared: its answers for the whole tree. They are not part of this repository; JETKIT_ORACLE=FOLDER names them"
[ -n "$JETKIT_TREES" ] || echo "compat: NOT compared: the commands of docs/comparison.md. They need two checkouts; JETKIT_TREES=FOLDER names their folder"
