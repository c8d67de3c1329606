# Sourced by the other scripts: one line per step, and the first error of a step that fails.

say() { printf '[%s] %s\n' "${script_name:-setup}" "$*"; }
fail() { printf '[%s] error: %s\n' "${script_name:-setup}" "$*" >&2; exit 1; }

# Prints the first error in a log of CMake, Ninja, a compiler, a linker or apt, and the lines that explain it: up to Ninja's next
# step, twelve at most.
first_error() { # $1: the log
  awk '/(fatal )?error:|^CMake Error|undefined reference|multiple definition|No space left|cannot allocate|^E: |Killed/ { found = 1 }
       found && shown > 0 && /^\[[0-9]+\/[0-9]+\]/ { exit }
       found && shown++ < 12 { print substr($0, 1, 400) }
       { last[NR % 12] = $0 }
       END { if (!found) for (i = NR > 12 ? NR - 11 : 1; i <= NR; ++i) print substr(last[i % 12], 1, 400) }' "$1"
}

# Shows `[n/m]` of Ninja's output on one line of a terminal; prints nothing elsewhere.
show_progress() {
  if [[ -t 1 ]]; then
    awk '/^\[[0-9]+\/[0-9]+\]/ { printf "\r  %s ", $1; fflush() } END { printf "\r\033[K" }'
  else
    cat >/dev/null
  fi
}

# Runs a step of a build. If it fails, prints its first error, where the whole log is, and what to try.
logged() { # $1: what the step does; $2: its log; $3: what to try; the rest: the command
  local what=$1 log=$2 remedy=$3
  shift 3
  mkdir -p "$(dirname "$log")"
  if ! "$@" 2>&1 | tee "$log" | show_progress; then # the shell has pipefail
    printf '\n' >&2
    first_error "$log" >&2
    printf '\n[%s] error: failed to %s\n  the whole log: %s\n  try: %s\n' "${script_name:-setup}" "$what" "$log" "$remedy" >&2
    return 1
  fi
}

# Configures and builds a preset, or some of its targets.
build_preset() { # $1: the preset; the rest: targets
  local preset=$1
  shift
  local remedy="scripts/setup.sh if a package is missing; rm -rf build/$preset if the folder is of another compiler or CAF"
  logged "configure the build $preset" "build/logs/$preset-configure.log" "$remedy" cmake --preset "$preset" || return 1
  logged "build $preset" "build/logs/$preset-build.log" \
    "fix what the error names; CMAKE_BUILD_PARALLEL_LEVEL=1 if memory ran out (a compiler takes up to 1.5 GiB)" \
    cmake --build --preset "$preset" ${1:+--target "$@"}
}
