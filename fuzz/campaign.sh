#!/usr/bin/env bash
# Runs fuzz targets for a while each, and prints what they reached as the table of README.md.
#
#   fuzz/campaign.sh SECONDS [TARGET...]
#
# Without targets: all of them. JOBS=n runs n at a time (2). KEEP=DIR keeps logs and new inputs there. The first
# finding ends the campaign with exit code 1, and its artifact is named. The committed corpus is only read.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?usage: fuzz/campaign.sh SECONDS [TARGET...]}
shift
toolchain=
if cargo +nightly --version >/dev/null 2>&1; then toolchain=+nightly; else export RUSTC_BOOTSTRAP=1; fi
# shellcheck disable=SC2086
fuzz() { cargo $toolchain fuzz "$@"; }
if [ $# = 0 ]; then
    targets=$(fuzz list)
else
    targets=$*
fi
work=${KEEP:-$(mktemp -d)}
mkdir -p "$work"
# What is tried asks the kernel, and should not ask about this machine: a network of its own.
cargo build --quiet -p nlctl
nlctl=${CARGO_TARGET_DIR:-target}/debug/nlctl
fuzz build

run() {
    mkdir -p "$work/$1" "fuzz/artifacts/$1"
    "$nlctl" sandbox "$bin/$1" "$work/$1" "fuzz/corpus/$1" -artifact_prefix="fuzz/artifacts/$1/" \
        -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=5 -print_final_stats=1 \
        </dev/null >"$work/$1.log" 2>&1
}

# One row, from libFuzzer's last line of progress and its statistics.
row() {
    local log=$work/$1.log
    awk -v target="$1" -v seconds="$seconds" '
        / cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") edges = $(i + 1); if ($i == "ft:") features = $(i + 1)
                                              if ($i == "corp:") { split($(i + 1), corp, "/"); files = corp[1] } } }
        /^Done [0-9]+ runs in/ { seconds = $5 }
        /^stat::number_of_executed_units:/ { runs = $2 }
        /^stat::average_exec_per_sec:/ { rate = $2 }
        END { printf "| `%s` | %d | %d | %d | %d | %d | %d |\n", target, seconds, runs, rate, edges, features, files }' "$log"
}

host=$(rustc -vV | sed -n 's/^host: //p')
bin=${CARGO_TARGET_DIR:-fuzz/target}/$host/release
failed=
pids=()
names=()
# Ends what still runs if the campaign ends early.
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done' EXIT

# Waits for the target that was started first.
settle() {
    if wait "${pids[0]}"; then
        finished="$finished ${names[0]}"
    else
        failed="$failed ${names[0]}"
        echo "finding in ${names[0]}:" >&2
        grep -E "Test unit written to|^(==[0-9]+==)? ?ERROR|panicked at" "$work/${names[0]}.log" >&2 || tail -n 20 "$work/${names[0]}.log" >&2
    fi
    pids=("${pids[@]:1}")
    names=("${names[@]:1}")
}

finished=
for target in $targets; do
    [ -z "$failed" ] || break
    while [ "${#pids[@]}" -ge "${JOBS:-2}" ]; do settle; done
    [ -z "$failed" ] || break
    echo "$target: $seconds s" >&2
    run "$target" &
    pids+=($!)
    names+=("$target")
done
while [ "${#pids[@]}" -gt 0 ] && [ -z "$failed" ]; do settle; done

echo '| target | seconds | executions | exec/s | edges | features | corpus files |'
echo '|---|---:|---:|---:|---:|---:|---:|'
for target in $finished; do row "$target"; done
echo "logs and new inputs: $work" >&2
[ -z "$failed" ]
