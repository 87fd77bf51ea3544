import { Admin, Consumer, Producer, stringSerializers } from '@platformatic/kafka'
import { Inbox, Positions, serve, text, waitingCommands } from './driver.mjs'

const base = { clientId: 'platformatic', bootstrapBrokers: process.argv[2].split(','), retries: 20, retryDelay: 250, timeout: 10000 }
const topicResource = 2
const producers = new Map()
const consumers = new Map()

async function produce ({ topic, records, codec = 'none', acks = -1, idempotent = false, producer: name, retries }) {
  const producer = producers.get(name) ??
    new Producer({ ...base, serializers: stringSerializers, idempotent, autocreateTopics: true, ...(retries === undefined ? {} : { retries }) })
  if (name) {
    producers.set(name, producer)
  }
  const messages = records.map(({ key, value, partition, timestamp, headers = [] }) => ({
    topic,
    key: key ?? undefined,
    value: value ?? undefined,
    partition,
    timestamp: timestamp === undefined ? undefined : BigInt(timestamp),
    headers: Object.fromEntries(headers)
  }))
  const { offsets } = await producer.send({ messages, acks, compression: codec, idempotent })
  if (!name) {
    await producer.close()
  }
  return offsets?.map(({ partition, offset }) => [partition, Number(offset)])
}

async function join ({ name, group, topics, from = 'earliest', autoCommit = false, sessionMs = 10000, instance, protocol = 'classic', offsets }) {
  const membership = protocol === 'consumer'
    ? { groupProtocol: 'consumer', rebalanceTimeout: 20000 }
    : { sessionTimeout: sessionMs, heartbeatInterval: 300, rebalanceTimeout: 20000 }
  const consumer = new Consumer({ ...base, groupId: group, groupInstanceId: instance, maxWaitTime: 200, ...membership })
  const inbox = new Inbox()
  const positions = new Positions()
  const entry = { consumer, inbox, positions }
  consumers.set(name, entry)
  const refresh = () => inbox.assign((consumer.assignments ?? []).flatMap(({ topic, partitions }) => partitions.map(partition => [topic, partition])))
  consumer.on('consumer:group:join', refresh)
  consumer.on('consumer:group:rebalance', () => inbox.assign([]))
  consumer.on('error', error => console.error('consumer', error))
  // By an interval: where it commits each fetch at once and closes, it forgets what came while a commit was under way.
  const stream = await consumer.consume(offsets
    ? { topics, autocommit: false, mode: 'manual', offsets }
    : { topics, autocommit: autoCommit && 100, mode: 'committed', fallbackMode: from })
  entry.stream = stream
  stream.on('error', error => inbox.fail(error))
  stream.on('data', ({ topic, partition, offset, timestamp, key, value, headerEntries }) => {
    positions.passed(topic, partition, offset)
    inbox.add({
      topic,
      partition,
      offset: Number(offset),
      timestamp: Number(timestamp),
      key: text(key),
      value: text(value),
      headers: headerEntries.map(([header, content]) => [text(header), text(content)])
    })
  })
  refresh()
}

async function open ({ name, topic, partitions = [0], from }) {
  const offset = await resolve(topic, partitions, from)
  await join({ name, group: `reader-${name}-${process.pid}`, topics: [topic], offsets: partitions.map(partition => ({ topic, partition, offset: offset(partition) })) })
}

async function resolve (topic, partitions, from) {
  if (from.offset !== undefined) {
    return () => BigInt(from.offset)
  }
  const timestamp = from === 'beginning' ? -2n : from === 'end' ? -1n : BigInt(from.timestamp)
  const [{ partitions: found }] = await admin(client => client.listOffsets({
    topics: [{ name: topic, partitions: partitions.map(partitionIndex => ({ partitionIndex, timestamp })) }]
  }))()
  return partition => found.find(({ partitionIndex }) => partitionIndex === partition).offset
}

async function commit ({ name }) {
  const { consumer, positions } = consumers.get(name)
  await consumer.commit({ offsets: positions.all.map(({ topic, partition, offset }) => ({ topic, partition, offset: BigInt(offset), leaderEpoch: -1 })) })
  return positions.all.map(({ partition, offset }) => [partition, offset])
}

async function leave ({ name }) {
  const { consumer, stream } = consumers.get(name)
  await stream?.close() // commits what is left, which a consumer that closes by force does not
  await consumer.close(true)
  consumers.delete(name)
}

function admin (action) {
  return async parameters => {
    const client = new Admin({ ...base, retries: 3 })
    try {
      return await action(client, parameters)
    } finally {
      await client.close()
    }
  }
}

const setting = ([name, value]) => ({ name, value })

serve({
  ...waitingCommands(consumers),
  produce,
  join,
  open,
  commit,
  leave,
  close: leave,
  committed: admin(async (client, { group, topic }) => {
    const [{ topics }] = await client.listConsumerGroupOffsets({ groups: [group] })
    return topics.filter(({ name }) => name === topic).flatMap(({ partitions }) => partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]))
  }),
  createTopic: admin(async (client, { topic, partitions = 1, replication = -1, configs = {} }) => {
    const [{ id, partitions: created, replicas, configuration }] =
      await client.createTopics({ topics: [topic], partitions, replicas: replication, configs: Object.entries(configs).map(setting) })
    return { id, partitions: created, replicas, configuration }
  }),
  deleteTopic: admin((client, { topic }) => client.deleteTopics({ topics: [topic] })),
  listTopics: admin(client => client.listTopics()),
  createPartitions: admin((client, { topic, count }) => client.createPartitions({ topics: [{ name: topic, count, assignments: null }] })),
  describeTopic: admin(async (client, { topic }) => {
    const { topics } = await client.metadata({ topics: [topic], forceUpdate: true })
    return topics.get(topic).partitions.map(({ leader, replicas, isr }, partition) => ({ partition, leader, replicas, isr }))
  }),
  describeCluster: admin(async client => {
    const { id, brokers, controllerId } = await client.metadata({ topics: [], forceUpdate: true })
    return { clusterId: id, controller: controllerId, brokers: [...brokers].map(([id, { host, port }]) => ({ id, host, port })) }
  }),
  describeConfigs: admin(async (client, { topic }) => {
    const [{ configs }] = await client.describeConfigs({ resources: [{ resourceType: topicResource, resourceName: topic }], includeSynonyms: true, includeDocumentation: true })
    return Object.fromEntries(configs.map(({ name, value }) => [name, value]))
  }),
  alterConfigs: admin((client, { topic, configs }) =>
    client.alterConfigs({ resources: [{ resourceType: topicResource, resourceName: topic, configs: Object.entries(configs).map(setting) }] })),
  incrementalAlterConfigs: admin((client, { topic, configs }) => client.incrementalAlterConfigs({
    resources: [{ resourceType: topicResource, resourceName: topic, configs: Object.entries(configs).map(([name, value]) => value === null ? { name, configOperation: 1 } : { name, configOperation: 0, value }) }]
  })),
  listOffsets: admin(async (client, { topic, partitions = [0] }) => {
    const [low, high] = await Promise.all([-2n, -1n].map(timestamp => client.listOffsets({
      topics: [{ name: topic, partitions: partitions.map(partitionIndex => ({ partitionIndex, timestamp })) }]
    })))
    return partitions.map(partition => [partition, ...[low, high].map(([{ partitions: found }]) => found.find(({ partitionIndex }) => partitionIndex === partition).offset)])
  }),
  maxTimestampOffset: admin(async (client, { topic }) => {
    const [{ partitions: [{ offset }] }] = await client.listOffsets({ topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -3n }] }] })
    return offset
  }),
  deleteRecords: admin(async (client, { topic, partition, before }) => {
    await client.deleteRecords({ topics: [{ name: topic, partitions: [{ partition, offset: BigInt(before) }] }] })
  }),
  describeLogDirs: admin(async (client, { topic }) => {
    const brokers = await client.describeLogDirs({ topics: [{ name: topic, partitions: [0] }] })
    return brokers.flatMap(({ results }) => results).flatMap(({ topics }) => topics.flatMap(({ partitions }) => partitions.map(({ partitionIndex, partitionSize }) => [partitionIndex, partitionSize])))
  }),
  listGroups: admin(async client => [...(await client.listGroups()).keys()]),
  describeGroup: admin(async (client, { group }) => {
    const { state, protocol, members } = (await client.describeGroups({ groups: [group] })).get(group)
    return { state, protocol, members: [...members.values()].map(({ id, clientId, clientHost }) => ({ memberId: id, clientId, clientHost })) }
  }),
  deleteGroup: admin((client, { group }) => client.deleteGroups({ groups: [group] })),
  setOffset: admin((client, { group, topic, partition, offset }) =>
    client.alterConsumerGroupOffsets({ groupId: group, topics: [{ name: topic, partitionOffsets: [{ partition, offset: BigInt(offset) }] }] })),
  deleteOffset: admin(async (client, { group, topic, partition }) => {
    await client.deleteConsumerGroupOffsets({ groupId: group, topics: [{ name: topic, partitionIndexes: [partition] }] })
  }),
  findCoordinator: admin(async (client, { group }) => {
    const [{ nodeId, host, port }] = await client.findCoordinator({ keyType: 0, keys: [group] })
    return { id: nodeId, host, port }
  })
})
