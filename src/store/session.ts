/**
 * Many clients of a database that has one session: each speaks PostgreSQL's protocol over a stream of its own, as
 * if to a server. What must not mix is kept apart:
 *
 * - A client owns the session from its BEGIN to its COMMIT; the others wait their turn.
 * - Settings that a client states when it connects (`options: '-c search_path=…'`) hold for its statements alone.
 * - A notification reaches every client that listens on its channel, whoever runs at that moment.
 *
 * What one client prepared under a name is prepared for all, so the same name has to mean the same statement.
 */
import { Duplex } from 'node:stream'
import {
  CANCEL_REQUEST,
  errorResponse,
  GSS_REQUEST,
  messageReader,
  PARSE_COMPLETE,
  parsedName,
  readReply,
  simpleQuery,
  SSL_REQUEST,
  welcome,
} from './wire.ts'

/** Runs bytes of the protocol against the one session and returns what it answers. */
export type RunProtocol = (bytes: Uint8Array) => Promise<Uint8Array>

export interface SharedSession {
  /** A stream that `pg` takes for its socket. */
  connect(): Duplex
  /** Ends every client, in order when nothing is said, else with the reason. */
  close(reason?: string): void
}

interface Client {
  readonly stream: Duplex
  readonly channels: Set<string>
  /** search_path and so on, as SET statements; '' for the defaults. */
  settings: string
  gone: boolean
}

/** A statement that a unit begins with preparing, and how many bytes say so. */
interface Prepares {
  readonly name: string
  readonly length: number
}

interface Unit {
  readonly client: Client
  readonly bytes: Buffer
  /** Null: none by name. */
  readonly prepares?: Prepares | null
}

/**
 * @example
 * const session = sharedSession((bytes) => pglite.execProtocolRaw(bytes))
 * const pool = new Pool({ stream: () => session.connect() })
 */
export function sharedSession(run: RunProtocol): SharedSession {
  const clients = new Set<Client>()
  const waiting: Unit[] = []
  let owner: Client | null = null
  let applied = ''
  let busy = false
  let connections = 0
  const prepared = new Set<string>()

  async function pump(): Promise<void> {
    if (busy) return
    busy = true
    try {
      for (let unit = nextUnit(); unit !== null; unit = nextUnit()) await serve(unit)
    } finally {
      busy = false
    }
  }

  function nextUnit(): Unit | null {
    const at = owner === null ? 0 : waiting.findIndex(({ client }) => client === owner)
    return at < 0 || at >= waiting.length ? null : waiting.splice(at, 1)[0]
  }

  /** Prepared by another client: what is left of the unit runs, and is answered as if all of it had. */
  async function runUnit({ bytes, prepares = null }: Unit): Promise<Uint8Array> {
    if (prepares === null) return run(bytes)
    if (prepared.has(prepares.name))
      return Buffer.concat([PARSE_COMPLETE, await run(bytes.subarray(prepares.length))])
    const answer = await run(bytes)
    // Also where running it failed afterwards.
    if (PARSE_COMPLETE.equals(answer.subarray(0, PARSE_COMPLETE.length))) prepared.add(prepares.name)
    return answer
  }

  async function serve(unit: Unit): Promise<void> {
    const { client } = unit
    try {
      if (owner === null && client.settings !== applied) {
        await run(simpleQuery(`reset search_path; ${client.settings}`))
        applied = client.settings
      }
      const reply = readReply(await runUnit(unit))
      if (reply.status !== null) owner = reply.status === 'I' ? null : client
      if (!client.gone) client.stream.push(reply.own)
      for (const { channel, frame } of reply.notifications) {
        for (const listener of clients) if (listener.channels.has(channel)) listener.stream.push(frame)
      }
      if (client.gone && owner === client) await leave(client)
    } catch (cause) {
      // The session itself is lost: every client learns it, and reconnecting is theirs.
      close(cause instanceof Error ? cause.message : String(cause))
    }
  }

  async function leave(client: Client): Promise<void> {
    if (owner !== client) return
    await run(simpleQuery('rollback'))
    owner = null
  }

  function receive(client: Client, type: string, unit: Buffer, prepares: Prepares | null): void {
    if (type === 'X') {
      client.stream.push(null)
      return
    }
    waiting.push({ client, bytes: followChannels(client, type, unit), prepares })
    void pump()
  }

  function connect(): Duplex {
    const reader = messageReader()
    let started = false
    let unit: Buffer[] = []
    const stream = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        reader.push(chunk)
        if (!started) started = greet()
        if (started) {
          for (let next = reader.next(); next !== null; next = reader.next()) {
            unit.push(next.bytes)
            // Parse, Bind and Execute wait for their Sync: a unit of the protocol is never cut.
            if (!'SQXHc'.includes(next.type)) continue
            const whole = unit.length === 1 ? unit[0] : Buffer.concat(unit)
            const name = parsedName(unit[0])
            const prepares = name === null ? null : { name, length: unit[0].length }
            unit = []
            receive(client, next.type, whole, prepares)
          }
        }
        done()
      },
      final: (done) => {
        depart()
        done()
      },
      destroy: (error, done) => {
        depart()
        done(error)
      },
    })
    const client: Client = { stream, channels: new Set(), settings: '', gone: false }
    clients.add(client)

    function greet(): boolean {
      for (let start = reader.startup(); start !== null; start = reader.startup()) {
        if (start.code === CANCEL_REQUEST) return false
        if (start.code === SSL_REQUEST || start.code === GSS_REQUEST) {
          stream.push(Buffer.from('N'))
          continue
        }
        const settings = settingsOf(start.parameters.get('options') ?? '')
        if (settings === null) {
          stream.push(errorResponse('0A000', 'The embedded database takes no option but search_path.'))
          stream.push(null)
          return false
        }
        client.settings = settings
        stream.push(welcome(++connections))
        return true
      }
      return false
    }

    function depart(): void {
      if (client.gone) return
      client.gone = true
      clients.delete(client)
      // Whoever leaves in the middle of a transaction leaves nothing of it.
      if (owner === client) {
        waiting.push({ client, bytes: simpleQuery('rollback') })
        void pump()
      }
    }
    return asSocket(stream)
  }

  function close(reason?: string): void {
    waiting.length = 0
    for (const { stream } of clients) {
      if (reason !== undefined) stream.push(errorResponse('57P01', reason))
      stream.push(null)
      stream.destroy()
    }
    clients.clear()
  }

  return { connect, close }
}

/** `pg` calls what a net.Socket has. */
function asSocket(stream: Duplex): Duplex {
  const self = (): Duplex => stream
  return Object.assign(stream, {
    connect: () => {
      queueMicrotask(() => stream.emit('connect'))
      return stream
    },
    setNoDelay: self,
    setKeepAlive: self,
    ref: self,
    unref: self,
  })
}

/** `-c search_path="bullmq"` as a SET statement; null for other settings: nothing of ours states any. */
function settingsOf(options: string): string | null {
  if (options.trim() === '') return ''
  const path = /^-c search_path=(["\w, ]+)$/.exec(options.trim())
  return path === null ? null : `set search_path to ${path[1]}`
}

/**
 * Notes which channels a client listens on. The session listens for all of them; UNLISTEN of one client only ends
 * its own subscription, since the others' must go on, so it never reaches the session.
 */
function followChannels(client: Client, type: string, unit: Buffer): Buffer {
  if (type !== 'Q') return unit
  const statement = unit
    .subarray(5, -1)
    .toString('utf8')
    .replace(/\/\*[\s\S]*?\*\/|--[^\n]*/g, '')
    .trim()
  const listen = /^(un)?listen\s+("?)([^";]+)\2\s*;?$/i.exec(statement)
  if (listen === null) return unit
  const channel = listen[2] === '' ? listen[3].toLowerCase() : listen[3]
  if (listen[1] === undefined) {
    client.channels.add(channel)
    return unit
  }
  if (channel === '*') client.channels.clear()
  else client.channels.delete(channel)
  return simpleQuery('select 1 where false')
}
