"""The Python side of the driver protocol: one JSON command a line on standard input,
one JSON answer a line on standard output. Each command runs on a thread; `id` pairs the two."""
import json
import os
import sys
import threading

output = threading.Lock()


def serve(commands):
    for line in sys.stdin:
        command = json.loads(line)
        threading.Thread(target=run, args=(commands, command), daemon=True).start()
    os._exit(0)


def run(commands, parameters):
    answer = {"id": parameters.pop("id")}
    name = parameters.pop("command")
    try:
        if name not in commands:
            raise LookupError(f"this client offers no {name}")
        answer["result"] = commands[name](**parameters)
    except Exception as error:  # whatever a client raises is the test's to judge
        answer["error"] = {"code": kafka_code(error), "message": f"{type(error).__name__}: {error}"}
    with output:
        print(json.dumps(answer), flush=True)


def kafka_code(error):
    """confluent-kafka carries a KafkaError in its exceptions, kafka-python a number in its classes."""
    first = error.args[0] if error.args else None
    if hasattr(first, "code"):
        return first.code()
    code = getattr(error, "errno", None)
    return code if isinstance(code, int) else None


def text(content):
    return None if content is None else content.decode()


def encoded(content):
    return None if content is None else content.encode()


class Inbox:
    """Records and assignment of one consumer, and those who wait for them."""

    def __init__(self):
        self.changed = threading.Condition()
        self.records, self.received, self.assignment, self.failure = [], 0, [], None
        self.positions = {}

    def add(self, record):
        with self.changed:
            self.records.append(record)
            self.received += 1
            self.positions[record["topic"], record["partition"]] = record["offset"] + 1
            self.changed.notify_all()

    def assign(self, partitions):
        with self.changed:
            self.assignment = sorted(partitions)
            self.changed.notify_all()

    def fail(self, error):
        with self.changed:
            self.failure = error
            self.changed.notify_all()

    def take(self):
        with self.changed:
            taken, self.records = self.records, []
            return taken

    def until(self, received, partitions, timeoutMs):
        def is_met():
            return self.failure or (
                (received is None or self.received >= received)
                and (partitions is None or len(self.assignment) == partitions))

        with self.changed:
            if not self.changed.wait_for(is_met, timeoutMs / 1000):
                raise TimeoutError(f"waited {timeoutMs} ms in vain: {self.state()}")
            if self.failure:
                raise self.failure
            return self.state()

    def state(self):
        return {"received": self.received, "assignment": self.assignment}


class Consumers:
    """Every consumer belongs to one thread that polls it; other threads hand it their calls."""

    def __init__(self):
        self.by_name = {}

    def start(self, name, consumer, poll):
        entry = Polled(consumer, poll)
        self.by_name[name] = entry
        entry.thread.start()
        return entry

    def commands(self):
        return {
            "wait": lambda name, timeoutMs, received=None, partitions=None:
                self.by_name[name].inbox.until(received, partitions, timeoutMs),
            "take": lambda name: self.by_name[name].inbox.take(),
        }

    def call(self, name, action):
        return self.by_name[name].call(action)

    def close(self, name, action):
        entry = self.by_name.pop(name)

        def last(polled):
            polled.open = False
            action(polled)

        entry.call(last)


class Polled:
    def __init__(self, consumer, poll):
        self.consumer, self.poll, self.inbox = consumer, poll, Inbox()
        self.calls, self.waiting, self.open = [], threading.Lock(), True
        self.thread = threading.Thread(target=self.loop, daemon=True)

    def loop(self):
        while self.open:
            with self.waiting:
                calls, self.calls = self.calls, []
            for action, done in calls:
                done(action)
            if self.open:
                try:
                    self.poll(self)
                except Exception as error:
                    self.inbox.fail(error)
                    return

    def call(self, action):
        outcome, finished = {}, threading.Event()

        def done(action):
            try:
                outcome["result"] = action(self)
            except Exception as error:
                outcome["error"] = error
            finished.set()

        with self.waiting:
            self.calls.append((action, done))
        finished.wait()
        if "error" in outcome:
            raise outcome["error"]
        return outcome.get("result")
