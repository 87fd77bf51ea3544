// The JavaScript side of the driver protocol: one JSON command a line on standard input,
// one JSON answer a line on standard output. Commands run side by side; `id` pairs the two.
import readline from 'node:readline'

export function serve (commands) {
  const lines = readline.createInterface({ input: process.stdin })
  lines.on('line', async line => {
    const { id, command, ...parameters } = JSON.parse(line)
    try {
      if (!commands[command]) {
        throw new Error(`this client offers no ${command}`)
      }
      answer({ id, result: await commands[command](parameters) ?? null })
    } catch (error) {
      answer({ id, error: describe(error) })
    }
  })
  lines.on('close', () => process.exit(0))
  process.on('unhandledRejection', error => console.error('unhandled', error))
}

function answer (message) {
  process.stdout.write(JSON.stringify(message, (_, value) => typeof value === 'bigint' ? Number(value) : value) + '\n')
}

// Clients bury the broker's answer under errors of their own; the innermost one that names a code of Kafka's is reported.
function describe (error) {
  const layers = [error]
  for (const layer of layers) {
    const groups = (layer.groups ?? []).flatMap(group => [group.error, { name: group.groupId, message: 'refused', code: group.errorCode }])
    layers.push(...[layer.cause, layer.originalError, ...(layer.errors ?? []), ...groups].filter(Boolean))
  }
  const named = layers.findLast(layer => kafkaCode(layer) !== null) ?? error
  const message = [...new Set(layers.map(layer => `${layer.type ?? layer.apiId ?? layer.name}: ${layer.message}`))].join(' <- ')
  return { code: kafkaCode(named), message }
}

function kafkaCode (error) {
  return [error.apiCode, error.code, error.errno].find(Number.isInteger) ?? null
}

// Records and assignments of one consumer, and those who wait for them.
export class Inbox {
  records = []
  received = 0
  assignment = []
  failure = null
  #waiters = new Set()

  add (record) {
    this.records.push(record)
    this.received++
    this.#changed()
  }

  assign (partitions) {
    this.assignment = partitions
    this.#changed()
  }

  fail (error) {
    this.failure = error
    this.#changed()
  }

  take () {
    return this.records.splice(0)
  }

  until (isMet, timeoutMs) {
    return new Promise((resolve, reject) => {
      const waiter = () => {
        if (this.failure) {
          done(reject, this.failure)
        } else if (isMet(this)) {
          done(resolve, this.state())
        }
      }
      const done = (settle, value) => {
        clearTimeout(deadline)
        this.#waiters.delete(waiter)
        settle(value)
      }
      const deadline = setTimeout(() => done(reject, new Error(`waited ${timeoutMs} ms in vain: ${JSON.stringify(this.state())}`)), timeoutMs)
      this.#waiters.add(waiter)
      waiter()
    })
  }

  state () {
    return { received: this.received, assignment: this.assignment }
  }

  #changed () {
    for (const waiter of [...this.#waiters]) {
      waiter()
    }
  }
}

// The commands that wait on consumers, the same for every client: `consumers` maps a name to { inbox, ... }.
export function waitingCommands (consumers) {
  return {
    wait: ({ name, received, partitions, timeoutMs }) => consumers.get(name).inbox.until(inbox =>
      (received === undefined || inbox.received >= received) &&
      (partitions === undefined || inbox.assignment.length === partitions), timeoutMs),
    take: ({ name }) => consumers.get(name).inbox.take()
  }
}

// The offset after the last delivered record of each partition.
export class Positions {
  #next = new Map()

  passed (topic, partition, offset) {
    this.#next.set(`${topic} ${partition}`, { topic, partition, offset: Number(offset) + 1 })
  }

  clear () {
    this.#next.clear()
  }

  get all () {
    return [...this.#next.values()]
  }
}

export const text = bytes => bytes === null || bytes === undefined ? null : bytes.toString()
