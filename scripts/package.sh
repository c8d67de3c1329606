#!/usr/bin/env bash
# Builds a Debian package of Bulkhead, libbulkhead-dev, with all that an application needs: the libraries, the CAF that they were
# built with, headers, what CMake and pkg-config read, documents, the API reference and the sources of the examples.
#
# usage: scripts/package.sh    prints where the package is
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
script_name=package
. scripts/setup.sh
[[ $# -eq 0 ]] || { sed -n '2,5s/^# \?//p' "$0" >&2; exit 2; }

set_up --checks
mkdir -p build/logs
scripts/check.sh docs
build_preset release bulkhead_facade bulkhead_actors || exit 1
rm -rf build/release/packages
logged "make the package" build/logs/package.log "look for the file that could not be installed" \
  cpack --config build/release/CPackConfig.cmake || exit 1
package=$(echo build/release/packages/libbulkhead-dev_*.deb)
say "made $package; install it with: apt-get install ./$package"
