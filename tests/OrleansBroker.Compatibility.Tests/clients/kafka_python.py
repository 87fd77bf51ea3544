import sys

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import for_code
from kafka.partitioner import DefaultPartitioner

from driver import Consumers, encoded, serve, text

BASE = {"bootstrap_servers": sys.argv[1], "client_id": "python-kafka", "reconnect_backoff_max_ms": 500}
producers = {}
consumers = Consumers()


def produce(topic, records, codec="none", acks=-1, producer=None, maxBytes=1048576, timeoutMs=30000):
    sender = producers.get(producer) or KafkaProducer(
        **BASE, compression_type=None if codec == "none" else codec, acks="all" if acks == -1 else acks, retries=50,
        retry_backoff_ms=200, linger_ms=5, max_request_size=maxBytes, request_timeout_ms=timeoutMs, max_block_ms=30000,
        partitioner=DefaultPartitioner())
    if producer:
        producers[producer] = sender
    futures = [
        sender.send(topic, encoded(record["value"]), encoded(record.get("key")),
                    [(name, encoded(value)) for name, value in record.get("headers", [])],
                    record.get("partition"), record.get("timestamp"))
        for record in records]
    sender.flush()
    sent = [future.get(60) for future in futures]
    if not producer:
        sender.close()
    return [[each.partition, each.offset] for each in sent]


def poll(polled):
    for batch in polled.consumer.poll(timeout_ms=100).values():
        for record in batch:
            polled.inbox.add({
                "topic": record.topic, "partition": record.partition, "offset": record.offset, "timestamp": record.timestamp,
                "key": text(record.key), "value": text(record.value), "headers": [[name, text(value)] for name, value in record.headers]})
    polled.inbox.assign([[each.topic, each.partition] for each in polled.consumer.assignment()])


def join(name, group, topics, autoCommit=False, sessionMs=10000, **settings):
    joined = KafkaConsumer(
        *topics, **BASE, group_id=group, enable_auto_commit=autoCommit, session_timeout_ms=sessionMs,
        heartbeat_interval_ms=300, auto_offset_reset=settings.get("from", "earliest"), fetch_max_wait_ms=200)
    consumers.start(name, joined, poll)


def open_reader(name, topic, partitions=(0,), reset="earliest", **settings):
    reader = KafkaConsumer(**BASE, group_id=None, enable_auto_commit=False, auto_offset_reset=reset, fetch_max_wait_ms=200)
    assigned = [TopicPartition(topic, each) for each in partitions]
    reader.assign(assigned)
    start = settings["from"]
    if start == "beginning":
        reader.seek_to_beginning()
    elif start == "end":
        reader.seek_to_end()
    elif "offset" in start:
        for each in assigned:
            reader.seek(each, start["offset"])
    else:
        for each, found in reader.offsets_for_times({each: start["timestamp"] for each in assigned}).items():
            reader.seek(each, found.offset)
    for each in assigned:
        reader.position(each)
    consumers.start(name, reader, poll)


def seek(name, topic, partition, offset):
    consumers.call(name, lambda polled: polled.consumer.seek(TopicPartition(topic, partition), offset))


def commit(name):
    def act(polled):
        positions = polled.inbox.positions
        polled.consumer.commit({TopicPartition(*where): OffsetAndMetadata(offset, "from kafka-python") for where, offset in positions.items()})
        return [[partition, offset] for (_, partition), offset in positions.items()]
    return consumers.call(name, act)


def leave(name):
    consumers.close(name, lambda polled: polled.consumer.close(autocommit=True))


def committed(group, topic, partitions=(0,)):
    reader = KafkaConsumer(**BASE, group_id=group, enable_auto_commit=False)
    try:
        return [[each, reader.committed(TopicPartition(topic, each))] for each in partitions]
    finally:
        reader.close()


def list_offsets(topic, partitions=(0,)):
    reader = KafkaConsumer(**BASE)
    try:
        wanted = [TopicPartition(topic, each) for each in partitions]
        low, high = reader.beginning_offsets(wanted), reader.end_offsets(wanted)
        return [[each.partition, low[each], high[each]] for each in wanted]
    finally:
        reader.close()


def admin(action):
    def command(**parameters):
        client = KafkaAdminClient(**BASE)
        try:
            return action(client, **parameters)
        finally:
            client.close()
    return command


@admin
def create_topic(client, topic, partitions=1, replication=-1, configs=None, validateOnly=False):
    wanted = NewTopic(topic, partitions, 1, topic_configs=configs)
    wanted.replication_factor = replication  # -1 is refused by its constructor only
    client.create_topics([wanted], validate_only=validateOnly)


@admin
def delete_topic(client, topic):
    client.delete_topics([topic])


@admin
def list_topics(client):
    return client.list_topics()


@admin
def create_partitions(client, topic, count):
    client.create_partitions({topic: NewPartitions(count)})


@admin
def describe_topic(client, topic):
    [found] = client.describe_topics([topic])
    return [{"partition": each["partition"], "leader": each["leader"], "replicas": each["replicas"], "isr": each["isr"]} for each in found["partitions"]]


@admin
def describe_cluster(client):
    found = client.describe_cluster()
    return {"clusterId": found["cluster_id"], "controller": found["controller_id"],
            "brokers": [{"id": each["node_id"], "host": each["host"], "port": each["port"]} for each in found["brokers"]]}


@admin
def describe_configs(client, topic):
    [answer] = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    [(code, _, _, _, entries)] = answer.resources
    if code:
        raise for_code(code)(topic)
    return {entry[0]: entry[1] for entry in entries}


@admin
def alter_configs(client, topic, configs):
    for code, message, _, name in client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs)]).resources:
        if code:
            raise for_code(code)(name, message)


@admin
def list_groups(client):
    return [name for name, _ in client.list_consumer_groups()]


@admin
def describe_group(client, group):
    [found] = client.describe_consumer_groups([group])
    return {"state": found.state, "protocol": found.protocol,
            "members": [{"memberId": each.member_id, "clientId": each.client_id, "clientHost": each.client_host} for each in found.members]}


@admin
def delete_group(client, group):
    [(_, error)] = client.delete_consumer_groups([group])
    if error.errno:
        raise error(group)


@admin
def group_offsets(client, group):
    return [[where.topic, where.partition, found.offset, found.metadata] for where, found in client.list_consumer_group_offsets(group).items()]


serve({
    **consumers.commands(), "produce": produce, "join": join, "open": open_reader, "seek": seek, "commit": commit,
    "leave": leave, "close": leave, "committed": committed, "listOffsets": list_offsets, "createTopic": create_topic,
    "deleteTopic": delete_topic, "listTopics": list_topics, "createPartitions": create_partitions,
    "describeTopic": describe_topic, "describeCluster": describe_cluster, "describeConfigs": describe_configs,
    "alterConfigs": alter_configs, "listGroups": list_groups, "describeGroup": describe_group, "deleteGroup": delete_group,
    "groupOffsets": group_offsets,
})
