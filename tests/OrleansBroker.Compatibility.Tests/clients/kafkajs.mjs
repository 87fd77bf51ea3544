import { createRequire } from 'node:module'
import zlib from 'node:zlib'
import { lz4Compress, lz4Decompress } from '@platformatic/wasm-utils'
import { Inbox, Positions, serve, text, waitingCommands } from './driver.mjs'

const require = createRequire(import.meta.url)
const { CompressionCodecs, CompressionTypes, ConfigResourceTypes, Kafka, PartitionAssigners, logLevel } = require('kafkajs')

// kafkajs brings gzip; the other codecs are plugged in as its documentation says.
CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy')
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async encoder => lz4Compress(encoder.buffer),
  decompress: async buffer => lz4Decompress(buffer)
})
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async encoder => zlib.zstdCompressSync(encoder.buffer),
  decompress: async buffer => zlib.zstdDecompressSync(buffer)
})
const codecs = { none: CompressionTypes.None, gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy, lz4: CompressionTypes.LZ4, zstd: CompressionTypes.ZSTD }

// Its own assignment has a name that no other client knows; under the usual one it shares groups with them.
const roundRobin = context => ({ ...PartitionAssigners.roundRobin(context), name: 'roundrobin' })
const partitionAssigners = [PartitionAssigners.roundRobin, roundRobin]

const kafka = new Kafka({
  clientId: 'kafkajs',
  brokers: process.argv[2].split(','),
  logLevel: logLevel.ERROR,
  logCreator: () => ({ namespace, log }) => console.error(namespace, log.message, log.error ?? ''),
  retry: { initialRetryTime: 100, retries: 12, maxRetryTime: 1000 }
})
const producers = new Map()
const consumers = new Map()

async function produce ({ topic, records, codec = 'none', acks = -1, idempotent = false, producer: name, retries }) {
  const producer = producers.get(name) ?? kafka.producer({ idempotent, ...(retries === undefined ? {} : { retry: { retries } }) })
  if (!producers.has(name)) {
    await producer.connect()
  }
  if (name) {
    producers.set(name, producer)
  }
  const messages = records.map(({ key, value, partition, timestamp, headers = [] }) => ({
    key, value, partition, timestamp: timestamp?.toString(), headers: Object.fromEntries(headers)
  }))
  const sent = await producer.send({ topic, acks, compression: codecs[codec], messages })
  if (!name) {
    await producer.disconnect()
  }
  return sent?.map(({ partition, baseOffset }) => [partition, Number(baseOffset)])
}

async function start (name, { group, topics, from = 'earliest', autoCommit = false, sessionMs = 10000, onlyPartitions }) {
  const consumer = kafka.consumer({ groupId: group, partitionAssigners, sessionTimeout: sessionMs, heartbeatInterval: 300, rebalanceTimeout: 20000, maxWaitTimeInMs: 200, retry: { retries: 12, initialRetryTime: 100, maxRetryTime: 1000 } })
  const inbox = new Inbox()
  const positions = new Positions()
  const entry = { consumer, inbox, positions, floor: new Map(), acknowledged: [] }
  consumers.set(name, entry)
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    positions.clear()
    inbox.assign(Object.entries(payload.memberAssignment).flatMap(([topic, list]) => list.map(partition => [topic, partition])))
  })
  consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) =>
    entry.acknowledged.push(...payload.topics.flatMap(each => each.partitions.map(({ partition, offset }) => [partition, Number(offset)]))))
  consumer.on(consumer.events.REBALANCING, () => inbox.assign([]))
  consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || inbox.fail(payload.error))
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: from === 'earliest' })
  await consumer.run({
    autoCommit,
    eachMessage: async ({ topic, partition, message }) => {
      if (onlyPartitions && !(Number(message.offset) >= entry.floor.get(partition))) {
        return
      }
      positions.passed(topic, partition, message.offset)
      inbox.add({
        topic,
        partition,
        offset: Number(message.offset),
        timestamp: Number(message.timestamp),
        key: text(message.key),
        value: text(message.value),
        headers: Object.entries(message.headers).map(([header, value]) => [header, text(value)])
      })
    }
  })
  return entry
}

// kafkajs has no consumer without a group: a reader is a group of its own that seeks.
async function open ({ name, topic, partitions = [0], from }) {
  const { consumer, inbox, floor } = await start(name, { group: `reader-${name}-${process.pid}`, topics: [topic], onlyPartitions: true })
  await inbox.until(({ assignment }) => assignment.length > 0, 30000)
  const offsets = await resolve(topic, from)
  for (const partition of partitions) {
    floor.set(partition, offsets(partition))
    consumer.seek({ topic, partition, offset: String(offsets(partition)) })
  }
}

async function resolve (topic, from) {
  if (from.offset !== undefined) {
    return () => from.offset
  }
  return withAdmin(async admin => {
    const rows = from.timestamp === undefined ? await admin.fetchTopicOffsets(topic) : await admin.fetchTopicOffsetsByTimestamp(topic, from.timestamp)
    const column = from === 'beginning' ? 'low' : from === 'end' ? 'high' : 'offset'
    const found = new Map(rows.map(row => [row.partition, Number(row[column])]))
    return partition => found.get(partition)
  })
}

async function seek ({ name, topic, partition, offset }) {
  const { consumer, floor } = consumers.get(name)
  floor.set(partition, offset)
  consumer.seek({ topic, partition, offset: String(offset) })
}

async function commit ({ name }) {
  const { consumer, positions, acknowledged } = consumers.get(name)
  const all = positions.all
  acknowledged.length = 0
  if (all.length > 0) {
    await consumer.commitOffsets(all.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })))
  }
  // A consumer that is not running, as when it begins anew after an error, sends nothing and raises nothing: only the event tells.
  return [...acknowledged]
}

async function leave ({ name }) {
  await consumers.get(name).consumer.disconnect()
  consumers.delete(name)
}

const committed = ({ group, topic }) => withAdmin(async admin => {
  const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
  return partitions.map(({ partition, offset }) => [partition, Number(offset)])
})

async function withAdmin (action) {
  const admin = kafka.admin({ retry: { retries: 3 } })
  await admin.connect()
  try {
    return await action(admin)
  } finally {
    await admin.disconnect()
  }
}

const admin = action => parameters => withAdmin(client => action(client, parameters))
const entries = configs => Object.entries(configs ?? {}).map(([name, value]) => ({ name, value }))

serve({
  ...waitingCommands(consumers),
  produce,
  open,
  seek,
  commit,
  leave,
  close: leave,
  committed,
  join: async parameters => { await start(parameters.name, parameters) },
  createTopic: admin((client, { topic, partitions = 1, replication = -1, configs, validateOnly = false }) =>
    client.createTopics({ validateOnly, waitForLeaders: !validateOnly, topics: [{ topic, numPartitions: partitions, replicationFactor: replication, configEntries: entries(configs) }] })),
  deleteTopic: admin((client, { topic }) => client.deleteTopics({ topics: [topic] })),
  listTopics: admin(client => client.listTopics()),
  createPartitions: admin((client, { topic, count }) => client.createPartitions({ topicPartitions: [{ topic, count }] })),
  describeTopic: admin(async (client, { topic }) => {
    const { topics: [{ partitions }] } = await client.fetchTopicMetadata({ topics: [topic] })
    return partitions.map(({ partitionId, leader, replicas, isr }) => ({ partition: partitionId, leader, replicas, isr }))
  }),
  describeConfigs: admin(async (client, { topic }) => {
    const { resources: [{ configEntries }] } = await client.describeConfigs({ includeSynonyms: true, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }] })
    return Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue]))
  }),
  alterConfigs: admin(async (client, { topic, configs }) => {
    await client.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: entries(configs) }] })
  }),
  describeCluster: admin(async client => {
    const { brokers, controller, clusterId } = await client.describeCluster()
    return { brokers: brokers.map(({ nodeId, host, port }) => ({ id: nodeId, host, port })), controller, clusterId }
  }),
  listOffsets: admin(async (client, { topic }) => {
    const rows = await client.fetchTopicOffsets(topic)
    return rows.map(({ partition, low, high }) => [partition, Number(low), Number(high)])
  }),
  deleteRecords: admin(async (client, { topic, partition, before }) => {
    // deleteTopicRecords only works on topics whose metadata was loaded by another call.
    await client.fetchTopicOffsets(topic)
    await client.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] })
  }),
  listGroups: admin(async client => (await client.listGroups()).groups.map(({ groupId }) => groupId)),
  describeGroup: admin(async (client, { group }) => {
    const { groups: [{ state, protocol, members }] } = await client.describeGroups([group])
    return { state, protocol, members: members.map(({ memberId, clientId, clientHost }) => ({ memberId, clientId, clientHost })) }
  }),
  deleteGroup: admin(async (client, { group }) => { await client.deleteGroups([group]) }),
  setOffset: admin((client, { group, topic, partition, offset }) =>
    client.setOffsets({ groupId: group, topic, partitions: [{ partition, offset: String(offset) }] }))
})
