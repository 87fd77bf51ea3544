# Three silos, a process each, on a Redis of their own, replication factor 3, min.insync.replicas 2: the rows of
# tests/bench/run --silos 3.

acks=all partitions=6
silos=() redis="" redis_port=""
trap '[ -z "$redis$pid" ] || kill -KILL $redis ${pid//,/ } "${silos[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
command -v redis-server >/dev/null || fail "needs Redis: apt-get install redis-server"

# One on which nobody answers.
free_port() {
  local port
  while port=$((20000 + RANDOM % 10000)); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }; done
}

# The silo that silo/run has begun and looks after.
process_of() { [ "$(cat "/proc/$1/comm")" = dotnet ] && echo "$1" || pgrep -P "$1" -x dotnet; }

start() {
  local began="$EPOCHREALTIME" i line
  mkdir -p "$data/redis"
  redis_port="$(free_port)"
  redis-server --bind 127.0.0.1 --port "$redis_port" --dir "$data/redis" --save '' --appendonly yes --appendfsync always --logfile "$data/redis/log" 9>&- &
  redis=$!
  silos=() pid="" address=""
  for i in 0 1 2; do
    "$root/silo/run" --clustering redis --redis "127.0.0.1:$redis_port" --broker-id "$i" --silo-listen "127.0.0.1:$(free_port)" \
      --listen 127.0.0.1:0 --data "$data/broker$i" >"$work/output" 2>"$work/log.$i" 9>&- &
    silos+=($!)
    read -r -t 300 line <&9 || break
    [[ "$line" =~ ^ready:\ .*\ on\ ([^ ,]+), ]] || { cat "$work/log.$i" >&2; fail "a silo did not get ready: $line"; }
    address+="${address:+,}${BASH_REMATCH[1]}"
    pid+="${pid:+,}$(process_of "${silos[i]}")"
  done
  start_seconds="$(calculate "$EPOCHREALTIME - $began")"
}

stop() {
  kill -TERM "${silos[@]}" 2>/dev/null || true
  wait "${silos[@]}" || true
  kill "$redis"
  wait "$redis" || true
  silos=() pid="" redis=""
}

throughput() { # COUNT SIZE
  local count=$(($1 / scale)) size="$2" output
  say "three silos: $count records of $size B"
  start_empty
  warm_up
  load create "$address" records "$partitions"
  touch_memory
  output="$(load produce "$address" records "$pid" "$count" "$size" "$acks" "$partitions")"
  keep "produce-$size" $output
  stop
}

failover() {
  local seconds=$((scale > 1 ? 10 : 20)) output
  say "three silos: one is killed under load"
  start_empty
  load create "$address" records "$partitions"
  load produce "$address" records "$pid" $((1000000 / scale)) 1024 "$acks" "$partitions" >/dev/null
  load outage "$address" records "$pid" "$partitions" "$seconds" >"$work/outage" &
  local client=$!
  sleep $((seconds / 2))
  # What looks after the silo first: it would start the silo again.
  kill -KILL "${silos[1]}" "$(cut -d, -f2 <<<"$pid")"
  wait "${silos[1]}" 2>/dev/null || true
  wait "$client" || fail "the load did not outlive the loss of a silo"
  output="$(<"$work/outage")"
  keep failover $output
  stop
}

groups() {
  local seconds=$((scale > 1 ? 5 : 30)) output first
  say "three silos: $((1000 / scale)) groups of three members each"
  start_empty
  first="${address%%,*}"
  output="$(dotnet exec "$root/tests/OrleansBroker.Benchmarks/bin/Release/net10.0/OrleansBroker.Benchmarks.dll" \
    groups "${first%:*}" "${first##*:}" $((1000 / scale)) 3 "$seconds" ${pid//,/ })"
  keep groups $output
  stop
}

rows() {
  throughput 5000000 100
  throughput 1000000 1024
  latency "three silos" 500
  failover
  groups
}

table() {
  throughput_row "produce 100 B" produce-100 "M records" cpu_per_million "≤ 0.8 CPU-s/M records"
  throughput_row "produce 1 KiB" produce-1024 GB cpu_per_gb ""
  row "end to end, 500/s of 1 KiB" "$(percentiles latency), $(of latency.cores 3) cores" "p99 ≤ 4 ms"
  row "failover, \`kill -9\` of one of three under load" "every partition writable again within $(of failover.outage 0) ms" "≤ 5,000 ms"
  row "1,000 groups of three, heartbeats every 3 s" "$(of groups.cores 3) cores, $(of groups.heartbeats_per_s 0) heartbeats/s, p99 $(of groups.p99 2) ms" "≤ 0.25 cores"
  row "floor: echo, 500/s of 1 KiB" "$(percentiles echo)" ""
}
