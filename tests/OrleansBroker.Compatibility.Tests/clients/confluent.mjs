// @confluentinc/kafka-javascript: its promise API produces and administers, its callback API consumes.
import { createRequire } from 'node:module'
import { Inbox, Positions, serve, text, waitingCommands } from './driver.mjs'

const rdkafka = createRequire(import.meta.url)('@confluentinc/kafka-javascript')
const { AdminClient, KafkaConsumer, KafkaJS: { Kafka, logLevel } } = rdkafka
const base = { 'bootstrap.servers': process.argv[2], 'client.id': 'confluent-js', 'reconnect.backoff.max.ms': 500, 'log_level': 3 }
const kafka = new Kafka({ ...base, kafkaJS: { logLevel: logLevel.ERROR } })
const producers = new Map()
const consumers = new Map()

const called = start => new Promise((resolve, reject) => start((error, value) => error ? reject(error) : resolve(value)))

async function produce ({ topic, records, codec = 'none', acks = -1, idempotent = false, producer: name, maxBytes = 1000000, timeoutMs = 60000 }) {
  const producer = producers.get(name) ?? kafka.producer({
    'compression.codec': codec,
    acks,
    'enable.idempotence': idempotent,
    'linger.ms': 5,
    'message.max.bytes': maxBytes,
    'message.timeout.ms': timeoutMs
  })
  if (!producers.has(name)) {
    await producer.connect()
  }
  if (name) {
    producers.set(name, producer)
  }
  const sent = await producer.send({
    topic,
    messages: records.map(({ key, value, partition, timestamp, headers = [] }) => ({
      key, value, partition, timestamp: timestamp?.toString(), headers: Object.fromEntries(headers)
    }))
  })
  if (!name) {
    await producer.disconnect()
  }
  return sent.map(({ partition, baseOffset }) => [partition, Number(baseOffset)])
}

async function consumer (name, settings) {
  const consumer = new KafkaConsumer({
    ...base,
    'group.id': settings.group,
    'enable.auto.commit': settings.autoCommit ?? false,
    'auto.offset.reset': settings.from ?? 'error',
    'fetch.wait.max.ms': 200,
    'allow.auto.create.topics': true,
    rebalance_cb: true,
    ...(settings.protocol === 'consumer' ? { 'group.protocol': 'consumer' } : {
      'session.timeout.ms': settings.sessionMs ?? 10000,
      'heartbeat.interval.ms': 300,
      'partition.assignment.strategy': settings.assignor ?? 'range,roundrobin'
    }),
    ...(settings.instance ? { 'group.instance.id': settings.instance } : {}),
    ...settings.extra
  })
  const inbox = new Inbox()
  const positions = new Positions()
  // The library assigns after it has raised the event.
  consumer.on('rebalance', () => setImmediate(() => consumers.get(name)?.consumer === consumer &&
    inbox.assign(consumer.assignments().map(({ topic, partition }) => [topic, partition]))))
  consumer.on('rebalance.error', error => inbox.fail(error))
  consumer.on('data', ({ topic, partition, offset, timestamp, key, value, headers = [] }) => {
    positions.passed(topic, partition, offset)
    inbox.add({ topic, partition, offset, timestamp, key: text(key), value: text(value), headers: headers.flatMap(Object.entries).map(([header, content]) => [header, text(content)]) })
  })
  consumer.setDefaultConsumeTimeout(100)
  consumers.set(name, { consumer, inbox, positions })
  await called(done => consumer.connect({}, done))
  return consumer
}

async function join (parameters) {
  const joined = await consumer(parameters.name, { from: 'earliest', ...parameters })
  joined.subscribe(parameters.topics)
  joined.consume((error, _) => error && console.error('consume', error.message))
}

async function open ({ name, topic, partitions = [0], from, reset }) {
  const reader = await consumer(name, { group: `reader-${name}`, from: reset })
  const assignment = await resolve(reader, topic, partitions, from)
  reader.assign(assignment)
  const { inbox } = consumers.get(name)
  reader.consume((error, _) => error && inbox.fail(error))
}

async function resolve (reader, topic, partitions, from) {
  if (from.offset !== undefined) {
    return partitions.map(partition => ({ topic, partition, offset: from.offset }))
  }
  if (from.timestamp !== undefined) {
    return called(done => reader.offsetsForTimes(partitions.map(partition => ({ topic, partition, offset: from.timestamp })), 10000, done))
  }
  return Promise.all(partitions.map(async partition => {
    const { lowOffset, highOffset } = await called(done => reader.queryWatermarkOffsets(topic, partition, 10000, done))
    return { topic, partition, offset: from === 'beginning' ? lowOffset : highOffset }
  }))
}

async function seek ({ name, topic, partition, offset }) {
  await called(done => consumers.get(name).consumer.seek({ topic, partition, offset }, 10000, done))
}

async function commit ({ name }) {
  const { consumer, positions } = consumers.get(name)
  consumer.commitSync(positions.all)
  return positions.all.map(({ partition, offset }) => [partition, offset])
}

async function leave ({ name }) {
  const { consumer } = consumers.get(name)
  consumers.delete(name)
  await called(done => consumer.disconnect(done))
}

async function withAdmin (action) {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await action(admin)
  } finally {
    await admin.disconnect()
  }
}

const admin = action => parameters => withAdmin(client => action(client, parameters))

// What the promise API leaves out.
const callbackAdmin = action => async parameters => {
  const client = AdminClient.create({ ...base })
  try {
    return await called(done => action(client, parameters, done))
  } finally {
    client.disconnect()
  }
}

serve({
  ...waitingCommands(consumers),
  produce,
  join,
  open,
  seek,
  commit,
  leave,
  close: leave,
  committed: admin(async (client, { group, topic }) => {
    const [found] = await client.fetchOffsets({ groupId: group, topics: [topic] })
    return (found?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)])
  }),
  createTopic: callbackAdmin((client, { topic, partitions = 1, replication = -1, configs = {} }, done) =>
    client.createTopic({ topic, num_partitions: partitions, replication_factor: replication, config: configs }, 10000, done)),
  deleteTopic: admin((client, { topic }) => client.deleteTopics({ topics: [topic] })),
  listTopics: admin(client => client.listTopics()),
  createPartitions: callbackAdmin((client, { topic, count }, done) => client.createPartitions(topic, count, 10000, done)),
  describeTopic: admin(async (client, { topic }) => {
    const [{ partitions }] = await client.fetchTopicMetadata({ topics: [topic], includeAuthorizedOperations: true })
    return partitions.map(({ partitionId, leader, replicas, isr }) => ({ partition: partitionId, leader, replicas, isr }))
  }),
  listOffsets: admin(async (client, { topic }) => {
    const rows = await client.fetchTopicOffsets(topic)
    return rows.map(({ partition, low, high }) => [partition, Number(low), Number(high)])
  }),
  maxTimestampOffset: callbackAdmin((client, { topic }, done) =>
    client.listOffsets([{ topic, partition: 0, offset: rdkafka.AdminClient.OffsetSpec?.MAX_TIMESTAMP ?? { timestamp: -3 } }], { timeout: 10000 }, (error, rows) => done(error, rows?.[0].offset))),
  deleteRecords: admin(async (client, { topic, partition, before }) => {
    await client.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] })
  }),
  listGroups: admin(async client => (await client.listGroups()).groups.map(({ groupId }) => groupId)),
  describeGroup: admin(async (client, { group }) => {
    const { groups: [{ error, state, partitionAssignor, members }] } = await client.describeGroups([group])
    if (error) {
      throw error
    }
    const states = ['Unknown', 'PreparingRebalance', 'CompletingRebalance', 'Stable', 'Dead', 'Empty']
    return { state: states[state] ?? state, protocol: partitionAssignor, members: members.map(({ memberId, clientId, clientHost }) => ({ memberId, clientId, clientHost })) }
  }),
  deleteGroup: admin(async (client, { group }) => { await client.deleteGroups([group]) })
})
