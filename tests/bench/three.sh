# Three brokers in one process, replication factor 3, min.insync.replicas 2: the rows of tests/bench/run --brokers 3.

acks=all partitions=6 options=(--brokers 3)
cluster="$root/tests/OrleansBroker.TestCluster"

throughput() { # COUNT SIZE
  local count=$(($1 / scale)) size="$2" output
  say "floor: $((count * size / 1000000)) MB"
  touch_memory
  output="$("$built/floor" throughput "$work" $((count * size)))"
  keep "floor-$size" $output
  say "three brokers: $count records of $size B"
  start_empty
  keep start seconds="$start_seconds"
  warm_up
  load create "$address" records "$partitions"
  touch_memory
  output="$(load produce "$address" records "$pid" "$count" "$size" "$acks" "$partitions")"
  keep "produce-$size" $output
  stop
  keep "produce-$size" times_floor="$(calculate "$(last "produce-$size.cpu_per_gb") / $(last "floor-$size.produce_cpu_per_gb")")"
}

# A command of one line of JSON to the test cluster, and its answer.
tell() {
  local answer
  echo "$1" >&"${test_cluster[1]}"
  IFS= read -r -t 60 answer <&"${test_cluster[0]}"
  [[ "$answer" != *'"error"'* ]] || fail "$answer"
  echo "$answer"
}

# One broker of three is killed within the process, which the other two know at once; they and the client go on.
failover() {
  local seconds=$((scale > 1 ? 6 : 12)) output answer
  say "three brokers: one is killed under load"
  rm -rf "$data"
  coproc test_cluster { exec dotnet exec "$cluster/bin/Release/net10.0/OrleansBroker.TestCluster.dll" 2>"$work/log"; }
  pid="$test_cluster_PID"
  answer="$(tell "{\"id\":1,\"command\":\"open\",\"directory\":\"$data\",\"brokers\":3,\"settings\":{}}")"
  address="$(grep -o '127\.0\.0\.1:[0-9]*' <<<"$answer" | paste -sd,)"
  load create "$address" records "$partitions"
  load produce "$address" records "$pid" $((1000000 / scale)) 1024 "$acks" "$partitions" >/dev/null
  load outage "$address" records "$pid" "$partitions" "$seconds" >"$work/outage" &
  sleep $((seconds / 2))
  tell '{"id":2,"command":"kill","broker":1}' >/dev/null
  wait $! || fail "the load did not outlive the loss of a broker"
  output="$(<"$work/outage")"
  keep failover $output
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null || true
  pid=""
}

many_partitions() {
  local settle=$((scale > 1 ? 1 : 10)) i ticks
  say "three brokers: 3,000 partitions"
  start_empty
  for i in {1..3}; do load create "$address" "many-$i" 1000; done
  sleep $((settle * 2))
  ticks="$(cpu_ticks)"
  sleep "$settle"
  keep idle-3000 percent="$(calculate "100 * ($(cpu_ticks) - $ticks) / $(getconf CLK_TCK) / $settle")" rss="$(rss_mb)"
  stop
}

rows() {
  throughput 5000000 100
  throughput 1000000 1024
  latency "three brokers" 500
  failover
  many_partitions
}

table() {
  throughput_row "produce 100 B" produce-100 "M records" cpu_per_million "≤ 0.6 CPU-s/M records"
  row "produce 1 KiB" "$(of produce-1024.million_per_s 3) M records/s; $(of produce-1024.times_floor 2) × the floor's; $(of produce-1024.cpu_per_gb 2) CPU-s/GB" "≥ 0.15 M records/s"
  row "end to end, 500/s of 1 KiB" "$(percentiles latency), $(of latency.cores 3) cores" "p50 ≤ 0.6 ms, p99 ≤ 3 ms"
  row "failover, one of three killed under load" "every partition writable again within $(of failover.outage 0) ms" "≤ 1,000 ms"
  row "3,000 partitions, idle" "$(of idle-3000.percent 2) % of a core, $(of idle-3000.rss 0) MB" "≤ 5 % of a core"
  row "start, empty" "$(of start.seconds 2) s" ""
  row "floor: recv, CRC32C, pwrite" "$(of floor-1024.produce_cpu_per_gb 2) CPU-s/GB" ""
  row "floor: echo, 500/s of 1 KiB" "$(percentiles echo)" ""
}
