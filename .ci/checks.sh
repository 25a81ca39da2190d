# Runs checks and counts them; `.ci/run` sources this file. The last line of output is `N passed, N failed`.

# As STALLED_EXIT_CODE of test/support/stalledRun.ts.
stalled=124

results=$(mktemp -d)
passed=0
failed=0

finish() {
  rm -rf "$results"
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
}
trap finish EXIT

stop_here() {
  failed=$((failed + ($1 > 0 ? $1 : 1)))
  printf '\nFailed: %s\n' "$2" >&2
  exit 1
}

# check "title" command...: runs a command that passes or fails as a whole.
check() {
  local title=$1
  shift
  printf '\n== %s\n' "$title"
  "$@" || stop_here 1 "$title"
  passed=$((passed + 1))
}

# tests "title" command...: runs an npm script with Vitest and counts its tests. A stalled run writes no report and is
# repeated once: its cause is the machinery of the tests, and it says nothing about them.
tests() {
  local title=$1 report="$results/${1// /-}.json" code counts
  shift
  printf '\n== %s\n' "$title"
  "$@" -- --reporter=default --reporter=json --outputFile.json="$report"
  code=$?
  if [ "$code" -eq "$stalled" ]; then
    printf '\n%s: the run stalled and is repeated once. The stalled run is not counted.\n' "$title"
    "$@" -- --reporter=default --reporter=json --outputFile.json="$report"
    code=$?
  fi
  counts=$(node_modules/.bin/node scripts/testCounts.ts "$report")
  passed=$((passed + ${counts% *}))
  [ "$code" -eq 0 ] || stop_here "${counts#* }" "$title"
}
