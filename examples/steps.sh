# How the scripts beside this one tell their story. Each of them reads this file first:
#
#   title TEXT         what the following commands are about
#   run COMMAND…       shows the command as it would be typed, runs it, shows what it prints; it has to succeed
#   fails COMMAND…     the same for a command that has to fail
#   soon TEXT COMMAND… the same for a command that has to print TEXT within a few seconds: the kernel changes a link's
#                      state, and takes a namespace down, in its own time
#   proves CLAIM TEXT… the claim holds if each of the texts is in the output of the last command
#   denies CLAIM TEXT… the claim holds if none of the texts is
#   claim CLAIM TEST…  the claim holds if the test(1) expression does
#   summary            the last line
#
# The first thing that is not as claimed ends the script with status 1 and a sentence that says what is wrong.
# shellcheck shell=sh

script=${0##*/}
claims=0
background=

bold='' red='' green='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$(printf '\033[1m') red=$(printf '\033[31m') green=$(printf '\033[32m') plain=$(printf '\033[0m')
fi

title() {
    printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

run() {
    try "$@"
    [ "$status" -eq 0 ] || wrong "it should succeed, but ends with status $status"
}

fails() {
    try "$@"
    [ "$status" -ne 0 ] || wrong 'it should fail, but succeeds'
}

soon() {
    awaited=$1
    shift
    tries=0
    while output=$("$@" 2>&1 </dev/null) || :; [ $tries -lt 50 ]; do
        case $output in *"$awaited"*) break ;; esac
        tries=$((tries + 1))
        sleep 0.1
    done
    try "$@"
    contains "$awaited" || wrong "it should print \"$awaited\" after a while, but does not"
}

proves() {
    claim=$1
    shift
    for text; do
        contains "$text" || wrong "$claim: its output should have \"$text\", but has not"
    done
    holds "$claim"
}

denies() {
    claim=$1
    shift
    for text; do
        ! contains "$text" || wrong "$claim: its output should not have \"$text\", but has"
    done
    holds "$claim"
}

claim() {
    claim=$1
    shift
    test "$@" || wrong "$claim: \"$*\" is not true"
    holds "$claim"
}

summary() {
    printf '\n%s%s: all %s claims hold.%s\n' "$bold" "$script" "$claims" "$plain"
}

# Runs a command, and leaves what it printed in $output and how it ended in $status.
try() {
    line=$(as_typed "$@")
    printf '  %s$ %s%s\n' "$bold" "$line" "$plain"
    status=0
    output=$("$@" 2>&1 </dev/null) || status=$?
    [ -z "$output" ] || printf '%s\n' "$output" | sed 's/^/    /'
}

as_typed() {
    printf '%s' "$1"
    shift
    for word; do
        case $word in
        '' | *[!A-Za-z0-9_./:=,@%+-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
}

contains() {
    case $output in
    *"$1"*) return 0 ;;
    *) return 1 ;;
    esac
}

holds() {
    claims=$((claims + 1))
    printf '  %sok:%s %s\n' "$green" "$plain" "$1"
}

wrong() {
    printf '%s%s: after `%s`: %s.%s\n' "$red" "$script" "$line" "$1" "$plain" >&2
    exit 1
}

# Keeps a program running beside the script, until the script ends it or ends itself. Its process id is in $started.
start() {
    printf '  %s$ %s &%s\n' "$bold" "$(as_typed "$@")" "$plain"
    "$@" </dev/null >/dev/null 2>&1 &
    started=$!
    background="$background $started"
}

end() {
    printf '  %s$ kill %s%s\n' "$bold" "$1" "$plain"
    kill "$1"
    wait "$1" 2>/dev/null || :
}

# shellcheck disable=SC2086 # one word per process
trap '[ -z "$background" ] || kill $background 2>/dev/null || :' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A network that is in use is no place to learn in.
busy=$(ip -o link show up | grep -v '^[0-9]*: lo:' || :)
if [ -n "$busy" ]; then
    echo "$script: this network is in use; run me in a throw-away one: nlctl sandbox $0" >&2
    exit 1
fi
