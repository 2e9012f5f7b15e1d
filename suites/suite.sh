# Shared by the suites that need other people's software: sourced, not run.
# A suite counts its checks and ends with one plain line, "N passed, M failed".
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# The binary under test; DIBAO names another one than a fresh release build.
dibao=${DIBAO:-}
work=$(mktemp -d "${TMPDIR:-/tmp}/dibao-suite.XXXXXX")
passed=0
failed=0
children=()

# Installs Debian packages for the commands that are missing: need COMMAND=PACKAGE...
need() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  if ((${#missing[@]} == 0)); then return; fi
  local sudo=()
  if ((EUID != 0)); then sudo=(sudo); fi
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    >/dev/null </dev/null
}

# Builds the binary under test, unless DIBAO names one.
build() {
  if [[ -z $dibao ]]; then
    (cd "$repo" && cargo build --release --quiet)
    dibao=${CARGO_TARGET_DIR:-$repo/target}/release/dibao
  fi
}

# Runs a command as one check. What it prints is shown only when it fails.
check() {
  local what=$1
  shift
  if "$@" >"$work/check.log" 2>&1; then
    passed=$((passed + 1))
    echo "ok    $what"
  else
    failed=$((failed + 1))
    echo "FAIL  $what"
    sed 's/^/      | /' "$work/check.log" | tail -n 20
  fi
}

# Waits until a command succeeds: within SECONDS COMMAND...
within() {
  local seconds=$1 end
  shift
  end=$((SECONDS + seconds))
  until "$@" >"$work/within.log" 2>&1; do
    ((SECONDS < end)) || { echo "not within $seconds s: $*"; cat "$work/within.log"; return 1; }
    sleep 0.2
  done
}

# Waits until a daemon serves; shows the end of its log where it does not: serving URL LOG
serving() {
  within 60 curl -sf -o /dev/null "$1/readyz" || { tail -n 20 "$2"; return 1; }
}

# The first of two (or more) free ports in a row, below those that Linux gives to outgoing connections: one of
# those may take a port between the look and the listening.
free_ports() {
  local count=$1 port n
  for ((port = 16384 + RANDOM % 16000; ; port += count)); do
    for ((n = 0; n < count; n++)); do
      if (exec 3<>"/dev/tcp/127.0.0.1/$((port + n))") 2>/dev/null; then continue 2; fi
    done
    echo "$port"
    return
  done
}

# Prints the closing line; its exit code is that of the suite.
finish() {
  echo "$passed passed, $failed failed"
  ((failed == 0))
}

# Ends what the suite started, whatever way the suite ends.
clean_up() {
  local pid
  for pid in "${children[@]}"; do
    { kill "$pid" && wait "$pid"; } 2>/dev/null || true
  done
  if [[ $(type -t clean_up_more) == function ]]; then clean_up_more; fi
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
