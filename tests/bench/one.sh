# One broker: the rows of tests/bench/run.

acks=1 partitions=1 options=(--runtime embedded)

throughput() { # COUNT SIZE
  local count=$(($1 / scale)) size="$2" output
  say "floor: $((count * size / 1000000)) MB"
  touch_memory
  output="$("$built/floor" throughput "$work" $((count * size)))"
  keep "floor-$size" $output
  say "broker: $count records of $size B"
  start_empty
  keep start seconds="$start_seconds"
  warm_up
  load create "$address" records 1
  touch_memory
  output="$(load produce "$address" records "$pid" "$count" "$size" "$acks" "$partitions")"
  keep "produce-$size" $output
  output="$(load consume "$address" records "$pid" "$count")"
  keep "consume-$size" $output
  stop
  keep "produce-$size" times_floor="$(calculate "$(last "produce-$size.cpu_per_gb") / $(last "floor-$size.produce_cpu_per_gb")")"
}

many_partitions() {
  local settle=$((scale > 1 ? 1 : 10)) i ticks
  say "broker: idle, then 1,000 and 10,000 partitions"
  start_empty
  sleep "$settle"
  keep idle rss="$(rss_mb)"
  load create "$address" many 1000
  stop
  start
  keep start-1000 seconds="$start_seconds"
  for i in {2..10}; do load create "$address" "many-$i" 1000; done
  sleep "$settle"
  ticks="$(cpu_ticks)"
  sleep "$settle"
  keep idle-10000 percent="$(calculate "100 * ($(cpu_ticks) - $ticks) / $(getconf CLK_TCK) / $settle")" rss="$(rss_mb)"
  stop
}

table() {
  throughput_row "produce 100 B" produce-100 "M records" cpu_per_million "≤ 0.18 CPU-s/M records"
  row "produce 1 KiB" "$(of produce-1024.times_floor 2) × the floor's; $(of produce-1024.cpu_per_gb 2) CPU-s/GB; $(of produce-1024.million_per_s 2) M records/s" \
    "≤ 1.6 × the floor's CPU-s/GB"
  throughput_row "consume 100 B" consume-100 "M records" cpu_per_million "≤ 0.05 CPU-s/M records"
  throughput_row "consume 1 KiB" consume-1024 GB cpu_per_gb "≤ 0.3 CPU-s/GB"
  row "end to end, 1,000/s of 1 KiB" "$(percentiles latency), $(of latency.cores 3) cores" "p50 ≤ 0.3 ms, p99 ≤ 1.2 ms, p99.9 ≤ 4 ms, ≤ 0.15 cores"
  row "start, empty" "$(of start.seconds 2) s" "≤ 1 s"
  row "start, 1,000 partitions after a clean stop" "$(of start-1000.seconds 2) s" "≤ 3 s"
  row "memory, idle" "$(of idle.rss 0) MB" "≤ 150 MB"
  row "10,000 partitions, idle" "$(of idle-10000.rss 0) MB, $(of idle-10000.percent 2) % of a core" "≤ 600 MB and ≤ 2 % of a core"
  row "floor: recv, CRC32C, pwrite" "$(of floor-1024.produce_cpu_per_gb 2) CPU-s/GB" ""
  row "floor: sendfile" "$(of floor-1024.fetch_cpu_per_gb 2) CPU-s/GB" ""
  row "floor: echo, 1,000/s of 1 KiB" "$(percentiles echo)" ""
}

rows() {
  throughput 5000000 100
  throughput 1500000 1024
  latency "broker" 1000
  many_partitions
}
