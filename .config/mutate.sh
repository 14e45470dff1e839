#!/bin/bash
# Mutation run on the code that decides causes: `npm run mutate`. Needs Node 22 or later (Stryker 10); Stryker is not
# among the packages of this project, whose oldest Node is 20, so it runs in a copy that is thrown away.
set -euo pipefail
(($(node -p 'process.versions.node.split(".")[0]') >= 22)) || { echo 'mutation runs need Node 22 or later' >&2; exit 2; }
project=$PWD
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | xargs -0 cp --parents -t "$copy"
cd "$copy"
npm ci --silent
npm install --no-save --silent @stryker-mutator/core@10.1.1 @stryker-mutator/vitest-runner@10.1.1
npx stryker run .config/stryker.json "$@"
mkdir -p "$project/coverage"
cp coverage/mutation.json "$project/coverage/"
