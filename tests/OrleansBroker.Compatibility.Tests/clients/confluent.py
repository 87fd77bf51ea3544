import json
import sys

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

from driver import Consumers, encoded, serve, text

BASE = {"bootstrap.servers": sys.argv[1], "client.id": "confluent-python", "reconnect.backoff.max.ms": 500, "log_level": 3}
TIMEOUT = 20
producers = {}
consumers = Consumers()
statistics = {}


def produce(topic, records, codec="none", acks=-1, idempotent=False, producer=None, maxBytes=1000000, timeoutMs=60000):
    sender = producers.get(producer)
    if sender is None:  # one with nothing in flight is false
        sender = Producer({
            **BASE, "compression.codec": codec, "acks": acks, "enable.idempotence": idempotent, "linger.ms": 5,
            "message.max.bytes": maxBytes, "message.timeout.ms": timeoutMs})
    if producer:
        producers[producer] = sender
    reports = [None] * len(records)

    def report(index):
        def delivered(error, message):
            reports[index] = error or [message.partition(), message.offset()]
        return delivered

    for index, record in enumerate(records):
        optional = {name: record[name] for name in ("partition", "timestamp") if record.get(name) is not None}
        headers = [(name, encoded(value)) for name, value in record.get("headers", [])]
        sender.produce(topic, encoded(record["value"]), encoded(record.get("key")), headers=headers,
                       on_delivery=report(index), **optional)
    sender.flush(TIMEOUT * 3)
    for outcome in reports:
        if not isinstance(outcome, list):
            raise KafkaException(outcome)
    return reports


def poll(polled):
    message = polled.consumer.poll(0.1)
    if message is None:
        return
    if message.error():
        # Consumers are also told of what librdkafka gets over by itself.
        if message.error().code() != KafkaError._AUTO_OFFSET_RESET:
            print(message.error(), file=sys.stderr)
            return
        raise KafkaException(message.error())
    polled.inbox.add({
        "topic": message.topic(), "partition": message.partition(), "offset": message.offset(),
        "timestamp": message.timestamp()[1], "key": text(message.key()), "value": text(message.value()),
        "headers": [[name, text(value)] for name, value in message.headers() or []]})


def consumer(group, onStatistics=None, **settings):
    return Consumer({**BASE, "group.id": group, "enable.auto.commit": False, "fetch.wait.max.ms": 200, **({"stats_cb": onStatistics} if onStatistics else {}), **settings})


def join(name, group, topics, autoCommit=False, sessionMs=10000, instance=None, assignor="range,roundrobin", **settings):
    extra = {"auto.offset.reset": settings.get("from", "earliest")}
    if instance:
        extra["group.instance.id"] = instance
    joined = consumer(group, **{
        "enable.auto.commit": autoCommit, "session.timeout.ms": sessionMs, "heartbeat.interval.ms": 300,
        "partition.assignment.strategy": assignor, **extra})

    def follow(polled):
        poll(polled)
        polled.inbox.assign([[each.topic, each.partition] for each in polled.consumer.assignment()])

    def forget(_, partitions):
        for each in partitions:
            positions.pop((each.topic, each.partition), None)

    positions = consumers.start(name, joined, follow).inbox.positions
    consumers.call(name, lambda _: joined.subscribe(topics, on_revoke=forget))


def open_reader(name, topic, partitions=(0,), reset="error", rack=None, **settings):
    near = {"client.rack": rack, "statistics.interval.ms": 200, "onStatistics": lambda told: statistics.update({name: json.loads(told)})} if rack else {}
    reader = consumer("reader-" + name, **{"auto.offset.reset": reset, **near})
    reader.assign(resolve(reader, topic, partitions, settings["from"]))
    consumers.start(name, reader, poll)


def resolve(reader, topic, partitions, start):
    if isinstance(start, str):
        watermarks = {each: reader.get_watermark_offsets(TopicPartition(topic, each), TIMEOUT) for each in partitions}
        return [TopicPartition(topic, each, watermarks[each][0 if start == "beginning" else 1]) for each in partitions]
    if "offset" in start:
        return [TopicPartition(topic, each, start["offset"]) for each in partitions]
    return reader.offsets_for_times([TopicPartition(topic, each, start["timestamp"]) for each in partitions], TIMEOUT)


def seek(name, topic, partition, offset):
    consumers.call(name, lambda polled: polled.consumer.seek(TopicPartition(topic, partition, offset)))


def fetches_from(name, topic):
    partitions = statistics.get(name, {}).get("topics", {}).get(topic, {}).get("partitions", {})
    return [each["broker"] for number, each in partitions.items() if int(number) >= 0]


def commit(name):
    def act(polled):
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in polled.inbox.positions.items()]
        done = polled.consumer.commit(offsets=offsets, asynchronous=False) if offsets else []
        return [[each.partition, each.offset] for each in done if not each.error]
    return consumers.call(name, act)


def leave(name):
    consumers.close(name, lambda polled: polled.consumer.close())


def committed(group, topic, partitions=(0,)):
    reader = consumer(group)
    try:
        return [[each.partition, max(each.offset, -1)] for each in reader.committed([TopicPartition(topic, each) for each in partitions], TIMEOUT)]
    finally:
        reader.close()


def admin(action):
    def command(**parameters):
        return action(AdminClient(BASE), **parameters)
    return command


def outcome(futures):
    return [future.result(TIMEOUT) for future in futures.values()]


@admin
def create_topic(client, topic, partitions=1, replication=-1, configs=None, validateOnly=False):
    outcome(client.create_topics([NewTopic(topic, partitions, replication, config=configs or {})], validate_only=validateOnly))


@admin
def delete_topic(client, topic):
    outcome(client.delete_topics([topic]))


@admin
def list_topics(client):
    return list(client.list_topics(timeout=TIMEOUT).topics)


@admin
def create_partitions(client, topic, count):
    outcome(client.create_partitions([NewPartitions(topic, count)]))


@admin
def describe_topic(client, topic):
    found = client.list_topics(topic, TIMEOUT).topics[topic]
    if found.error:
        raise KafkaException(found.error)
    return [{"partition": each.id, "leader": each.leader, "replicas": each.replicas, "isr": each.isrs} for each in found.partitions.values()]


@admin
def describe_cluster(client):
    found = client.list_topics(timeout=TIMEOUT)
    return {"clusterId": found.cluster_id, "controller": found.controller_id,
            "brokers": [{"id": each.id, "host": each.host, "port": each.port} for each in found.brokers.values()]}


@admin
def describe_configs(client, topic):
    [entries] = outcome(client.describe_configs([ConfigResource("topic", topic)]))
    return {name: entry.value for name, entry in entries.items()}


@admin
def alter_configs(client, topic, configs):
    outcome(client.alter_configs([ConfigResource("topic", topic, set_config=configs)]))


@admin
def list_groups(client):
    return [each.id for each in client.list_groups(timeout=TIMEOUT)]


@admin
def describe_group(client, group):
    [found] = client.list_groups(group, TIMEOUT)
    return {"state": found.state, "protocol": found.protocol,
            "members": [{"memberId": each.id, "clientId": each.client_id, "clientHost": each.client_host} for each in found.members]}


def list_offsets(topic, partitions=(0,)):
    reader = consumer("watermarks")
    try:
        return [[each, *reader.get_watermark_offsets(TopicPartition(topic, each), TIMEOUT)] for each in partitions]
    finally:
        reader.close()


serve({
    **consumers.commands(), "produce": produce, "join": join, "open": open_reader, "seek": seek, "fetchesFrom": fetches_from, "commit": commit,
    "leave": leave, "close": leave, "committed": committed, "createTopic": create_topic, "deleteTopic": delete_topic,
    "listTopics": list_topics, "createPartitions": create_partitions, "describeTopic": describe_topic,
    "describeCluster": describe_cluster, "describeConfigs": describe_configs, "alterConfigs": alter_configs,
    "listGroups": list_groups, "describeGroup": describe_group, "listOffsets": list_offsets,
})
