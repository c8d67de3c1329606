#!/usr/bin/env bash
# Proves that the README's commands work on a bare Debian 12: makes one in a folder with debootstrap, clones the last commit
# into it, and runs them there, as root and once more as a plain user in a path with a space. Installs the package that
# scripts/package.sh makes in a second one, and builds an application there. Prints what each took.
#
# usage: scripts/bare.sh [--ci] [FOLDER]    FOLDER must not exist; without it, one below /var/tmp is made and removed at the end
#        --ci                               runs .ci/run as well, as root
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
script_name=bare
. scripts/steps.sh

ci=
[[ ${1:-} == --ci ]] && { ci=yes; shift; }
[[ $# -le 1 && ${1:-} != -* ]] || { sed -n '2,7s/^# \?//p' "$0" >&2; exit 2; }

[[ $(id -u) -eq 0 ]] || fail "only root can make and enter another root: run it as root, or with sudo"
command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
unshare --mount --pid --fork true 2>/dev/null ||
  fail "this machine does not allow to mount or to enter another root: run it outside of a container"
[[ -z $(git status --porcelain) ]] || say "changes that are not committed are left out"

keep=${1:-}
root=${1:-/var/tmp/bulkhead-bare.$$}
[[ ! -e $root ]] || fail "$root exists: name a folder that does not"
log=$root.log
report=()
user_root=$root.user # of somebody who has the package only
trap 'rm -rf --one-file-system "$user_root"; [[ -n $keep ]] || rm -rf --one-file-system "$root"' EXIT

# Runs in the other root, with its own mounts and processes, which end with it. $1: user; stdin: a script for bash
inside() {
  unshare --mount --pid --fork --kill-child bash -euc '
    mount --make-rprivate /
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount -t tmpfs tmpfs "$1/tmp"
    exec chroot "$1" runuser -u "$2" -- env -i HOME="$3" USER="$2" PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 bash -euo pipefail -s
  ' - "$root" "$1" "$2"
}

timed() { # $1: what; $2: user; $3: home; $4: folder; $5: command
  local begun=$SECONDS
  say "$1"
  if ! inside "$2" "$3" <<<"cd '$4' && $5" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    fail "$1: failed; the whole output: $log"
  fi
  report+=("$(printf '%5d s  %s' $((SECONDS - begun)) "$1")")
  say "$1: $((SECONDS - begun)) s; its last line: $(grep -v '^$' "$log" | tail -n 1)"
}

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | head -n 1)
[[ -n $mirror ]] || fail "apt has no mirror of Debian 12 configured: add one to its sources, and run apt-get update"
begun=$SECONDS
say "making a bare Debian 12 in $root"
debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" "$mirror" >"$log" 2>&1 ||
  { first_error "$log" >&2; fail "debootstrap failed; the whole log: $log"; }
report+=("$(printf '%5d s  %s' $((SECONDS - begun)) "debootstrap")")
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
cp -a "$root" "$user_root"
commit=$(git rev-parse --short HEAD)
git clone --quiet --no-hardlinks . "$root/root/bulkhead"
inside root /root <<<'useradd --create-home plain'
git clone --quiet --no-hardlinks . "$root/home/plain/my checkouts/bulkhead"
inside root /root <<<'chown -R plain: /home/plain'

timed "scripts/demo.sh, as root"                                  root  /root       /root/bulkhead scripts/demo.sh
timed "scripts/package.sh, as root, after that"                   root  /root       /root/bulkhead scripts/package.sh
cp "$root"/root/bulkhead/build/release/packages/*.deb "$root/root/bulkhead/scripts/use_package.sh" "$user_root/root/"
root=$user_root timed "the package, installed by apt"             root  /root       /root \
  "apt-get update -qq && apt-get install -y -qq ./libbulkhead-dev_*.deb && apt-get install -y -qq cmake pkgconf"
root=$user_root timed "an application of the package, two ways"   root  /root       /root "./use_package.sh /usr '/root/an application'"
rm -rf "$root/root/.cache" "$root/root/bulkhead/build"
timed "scripts/test.sh, as root, packages installed"              root  /root       /root/bulkhead scripts/test.sh
rm -rf "$root/root/.cache" "$root/root/bulkhead/build"
if [[ -n $ci ]]; then
  timed ".ci/run, as root"                                        root  /root       /root/bulkhead "CI=true bash .ci/run"
  rm -rf "$root/root/.cache" "$root/root/bulkhead/build"
fi
timed "scripts/demo.sh, as a plain user in a path with a space"   plain /home/plain "/home/plain/my checkouts/bulkhead" scripts/demo.sh
timed "scripts/test.sh, the same"                                 plain /home/plain "/home/plain/my checkouts/bulkhead" scripts/test.sh

rm -f "$log"
printf '\ncommit %s on a bare Debian 12 with %s cores:\n' "$commit" "$(nproc)"
printf '%s\n' "${report[@]}"
