"""kcat behind the driver protocol: a process for each production and for each consumer."""
import json
import re
import signal
import subprocess
import sys
import threading
from itertools import groupby

from driver import Inbox, serve

BASE = ["kcat", "-b", sys.argv[1], "-X", "client.id=kcat", "-X", "reconnect.backoff.max.ms=500"]
KEY, END = "\x1f", "\x1e"
readers = {}


class KcatError(Exception):
    def __init__(self, message):
        super().__init__(message)
        found = re.search(r"Message size too large|Unknown topic or partition", message)
        self.errno = {"Message size too large": 10, "Unknown topic or partition": 3}[found.group()] if found else None


def run(*arguments, feed=None):
    done = subprocess.run([*BASE, *arguments], input=feed, capture_output=True, timeout=90)
    if done.returncode or b"Delivery failed" in done.stderr:
        raise KcatError(done.stderr.decode())
    return done.stdout.decode()


def produce(topic, records, codec="none", acks=-1, idempotent=False, maxBytes=1000000, timeoutMs=60000):
    """Partition and headers are given once a run, so runs of records that share them go together."""
    for (partition, headers), batch in groupby(records, lambda each: (each.get("partition"), each.get("headers", []))):
        arguments = ["-P", "-t", topic, "-z", codec, "-K", KEY, "-D", END, "-Z", "-X", f"acks={acks}", "-X", "linger.ms=5", "-X", f"message.max.bytes={maxBytes}",
                     "-X", f"message.timeout.ms={timeoutMs}", "-X", f"enable.idempotence={str(idempotent).lower()}"]
        if partition is not None:
            arguments += ["-p", str(partition)]
        for name, value in headers:
            arguments += ["-H", f"{name}={value}"]
        feed = END.join((each.get("key") or "") + KEY + (each["value"] or "") for each in batch)
        run(*arguments, feed=feed.encode())


class Reader:
    """One running kcat: its records on standard output, its assignments and ends of partitions on standard error."""

    def __init__(self, *arguments):
        self.inbox, self.ends = Inbox(), set()
        self.process = subprocess.Popen([*BASE, "-X", "fetch.wait.max.ms=200", *arguments, "-J", "-u"],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self.read_records, daemon=True).start()
        threading.Thread(target=self.read_events, daemon=True).start()

    def read_records(self):
        for line in self.process.stdout:
            each = json.loads(line)
            headers = each.get("headers", [])
            self.inbox.add({
                "topic": each["topic"], "partition": each["partition"], "offset": each["offset"], "timestamp": each["ts"],
                "key": each["key"], "value": each["payload"], "headers": [list(pair) for pair in zip(headers[::2], headers[1::2])]})

    def read_events(self):
        for line in self.process.stderr:
            print(line, end="", file=sys.stderr)
            if end := re.match(r"% Reached end of topic (\S+) \[(\d+)\]", line):
                with self.inbox.changed:
                    self.ends.add(int(end[2]))
                    self.inbox.changed.notify_all()
            elif change := re.match(r"% Group \S+ rebalanced \(memberid [^)]*\): (assigned|revoked): (.*)", line):
                partitions = [[topic, int(number)] for topic, number in re.findall(r"(\S+) \[(\d+)\]", change[2])]
                self.inbox.assign(partitions if change[1] == "assigned" else [])
            elif line.startswith("% ERROR") and "terminating" in line:
                self.inbox.fail(KcatError(line))


def open_reader(name, topic, partitions=(0,), reset=None, **settings):
    start = settings["from"]
    offset = start if isinstance(start, str) else str(start["offset"]) if "offset" in start else f"s@{start['timestamp']}"
    where = ["-p", str(partitions[0])] if len(partitions) == 1 else []
    policy = ["-X", f"topic.auto.offset.reset={reset}"] if reset else []
    reader = readers[name] = Reader("-C", "-t", topic, *where, "-o", offset, *policy)
    if start == "end":
        with reader.inbox.changed:
            if not reader.inbox.changed.wait_for(lambda: len(reader.ends) == len(partitions), 30):
                raise TimeoutError("kcat did not say that it reached the end")


def join(name, group, topics, sessionMs=10000, autoCommit=True, **settings):
    readers[name] = Reader("-X", f"session.timeout.ms={sessionMs}", "-X", "heartbeat.interval.ms=300",
                           "-X", f"auto.offset.reset={settings.get('from', 'earliest')}", "-G", group, *topics)


def leave(name):
    reader = readers.pop(name)
    reader.process.send_signal(signal.SIGTERM)
    reader.process.wait(30)


def metadata(*arguments):
    return json.loads(run("-L", "-J", *arguments))


def list_topics():
    return [each["topic"] for each in metadata()["topics"]]


def describe_topic(topic):
    [found] = metadata("-t", topic)["topics"]
    if "error" in found:
        raise KcatError(found["error"])
    return [{"partition": each["partition"], "leader": each["leader"], "replicas": [one["id"] for one in each["replicas"]],
             "isr": [one["id"] for one in each["isrs"]]} for each in found["partitions"]]


def describe_cluster():
    found = metadata()
    hosts = [(each["id"], *each["name"].rsplit(":", 1)) for each in found["brokers"]]
    return {"controller": found["controllerid"], "brokers": [{"id": number, "host": host, "port": int(port)} for number, host, port in hosts]}


def offset_at(topic, timestamp, partition=0):
    found = run("-Q", "-t", f"{topic}:{partition}:{timestamp}")
    return int(re.search(r"offset (-?\d+)", found)[1])


def list_offsets(topic, partitions=(0,)):
    return [[each, offset_at(topic, -2, each), offset_at(topic, -1, each)] for each in partitions]


serve({
    "produce": produce, "open": open_reader, "join": join, "leave": leave, "close": leave,
    "wait": lambda name, timeoutMs, received=None, partitions=None: readers[name].inbox.until(received, partitions, timeoutMs),
    "take": lambda name: readers[name].inbox.take(),
    "listTopics": list_topics, "describeTopic": describe_topic, "describeCluster": describe_cluster, "listOffsets": list_offsets,
})
