#!/usr/bin/env bash
# Starts the service of a step of the tutorial, and types what the reader types. Prints what the terminals show.
#
# usage: drive_service.sh PROGRAM, whose name ends in `step6` or `step7`
set -euo pipefail
patience=60 # seconds that any wait may take

folder=$(mktemp -d)
exec {from_service}< <(exec "$1" "--bulkhead.certificates-dir=$folder/certificates" 2>"$folder/log")
service=$!
trap 'kill -KILL "$service" 2>/dev/null || true; rm -rf "$folder"' EXIT

fail() {
  echo "$1"
  cat "$folder/log" >&2
  exit 1
}

hear() { # a line from a descriptor
  IFS= read -r -t "$patience" line <&"$1" || fail "no line came"
}

ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  echo "$1" >&3
  hear 3
  exec 3>&-
}

show() { # asks, and prints the answer as the reader sees it
  ask "$1"
  printf "\$ ask '%s'\n%s\n" "$1" "$line"
}

hear "$from_service"
echo "$line"
port=${line##* }

if [[ $1 == *step6 ]]; then
  show 'ab<2,6>'
  show 'ab<9000000000000,6>'
  show 'ab<2,9000000000000>'
  show 'ab<2,6'
  show 'xyz<3,6>'
  for ((i = 0; i < 12; ++i)); do # more deaths than a pool with default options survives
    ask 'ab<9000000000000,6>'
  done
  ask 'ab<2,6>'
  [[ $line == abababab ]] || fail "after many crashes: $line"
  exit
fi

ask 'ab<9000000000000,6>'
hear "$from_service"
echo "$line"
exec 4<>"/dev/tcp/127.0.0.1/$port" # a session that the signal finds open
printf 'xyz<3' >&4
ask 'ab<2,6>' # it is accepted after the one above
[[ $line == abababab ]] || fail "after a crash: $line"
kill -TERM "$service"
hear "$from_service"
echo "$line"
echo ',6>' >&4
hear 4
[[ $line == xyzxyzxyz ]] || fail "the open session: $line"
hear "$from_service"
echo "$line"
wait "$service" || fail "the service ended with $?"
ls "$folder/certificates"
