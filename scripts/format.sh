#!/usr/bin/env bash
# Formats every source file as .clang-format says.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
git ls-files --cached --others --exclude-standard '*.cpp' '*.hpp' | xargs clang-format -i
