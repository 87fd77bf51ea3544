# One silo beside the embedded broker, in turn: the rows of tests/bench/run --silos 1.

acks=1 partitions=1

throughput() { # NAME COUNT SIZE
  local name="$1" count=$(($2 / scale)) size="$3" output
  say "$name: $count records of $size B"
  options=(--runtime "$name")
  start_empty
  keep "$name" start="$start_seconds"
  warm_up
  load create "$address" records 1
  touch_memory
  output="$(load produce "$address" records "$pid" "$count" "$size" "$acks" "$partitions")"
  keep "produce-$size-$name" $output
  output="$(load consume "$address" records "$pid" "$count")"
  keep "consume-$size-$name" $output
  keep "$name" rss="$(rss_mb)"
  stop
}

compare() { # WORK COST
  local work="$1" cost="$2" ratio
  ratio="$(calculate "$(median "$work-silo.$cost") / $(median "$work-embedded.$cost")")"
  row "$3" "$(of "$work-silo.$cost" 3) and $(of "$work-embedded.$cost" 3) $4: × $(printf '%.2f' "$ratio")" "× ≤ 1.10"
}

median() { of "$1" 6 | cut -d' ' -f1; }

rows() {
  local size name
  for size in 100 1024; do
    for name in silo embedded; do throughput "$name" $((size == 100 ? 5000000 : 1500000)) "$size"; done
  done
}

table() {
  compare produce-100 cpu_per_million "produce 100 B: silo, embedded" "CPU-s/M records"
  compare produce-1024 cpu_per_gb "produce 1 KiB" "CPU-s/GB"
  compare consume-100 cpu_per_million "consume 100 B" "CPU-s/M records"
  compare consume-1024 cpu_per_gb "consume 1 KiB" "CPU-s/GB"
  row "start, empty" "$(of silo.start 2) and $(of embedded.start 2) s" ""
  row "memory after the work" "$(of silo.rss 0) and $(of embedded.rss 0) MB" ""
}
