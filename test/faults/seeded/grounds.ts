/** What a run stands on: databases, a Redis, the providers as recorders, and ways to them that can be broken. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { openInbox, type Inbox } from '../../../actions/email/sandbox/inbox.ts'
import { startSmsSandbox, type SmsSandbox } from '../../../actions/sms/sandbox/sandbox.ts'
import type { Database } from '../../../src/store/database.ts'
import { firstDump } from '../../../src/store/first-dump.ts'
import { openDatabase } from '../../../src/store/open.ts'
import type { Address } from '../place.ts'
import { folderPlace } from '../place.ts'
import { openWay, type Way } from '../proxy.ts'
import { until } from '../process.ts'
import { noPostgres, noRedis, ownPostgres, ownRedis, type OwnServer } from '../servers.ts'
import { startTaskHubSpot, startTaskSalesforce, type TaskCrm } from '../task-crms.ts'
import type { Ground, Schedule } from './schedule.ts'

/** Those that this machine has, in an order that seeds go through. */
export const possibleGrounds = (): readonly Ground[] => [
  'embedded',
  ...(noPostgres === null ? (['database'] as const) : []),
  ...(noPostgres === null && noRedis === null ? (['redis'] as const) : []),
]

/** Kept from run to run; null where none is installed. */
export interface Servers {
  postgres(): Promise<OwnServer>
  remove(): Promise<void>
}

export function openServers(): Servers {
  let postgres: Promise<OwnServer> | null = null
  return {
    postgres: () => (postgres ??= ownPostgres()),
    remove: async () => (await postgres)?.remove(),
  }
}

export interface RedisPair {
  /** Through a way that can be led to another one. */
  readonly url: string
  killAndStartEmpty(awayMs: number): Promise<void>
  flush(): Promise<void>
  /** Takes nothing more for so long. */
  full(ms: number): Promise<void>
  /** The one that followed takes over, without what it had not heard of yet. */
  failOver(): Promise<void>
  remove(): Promise<void>
}

export interface Grounds {
  /** As workers reach it. */
  readonly address: Address
  readonly postgres: OwnServer | null
  readonly databaseWay: Way | null
  readonly redis: RedisPair | null
  readonly inbox: Inbox
  readonly mailWay: Way
  readonly sms: SmsSandbox
  readonly smsWay: Way
  readonly crm: TaskCrm
  /** The embedded database is there for one process at a time. */
  use<T>(work: (database: Database) => Promise<T>): Promise<T>
  remove(): Promise<void>
}

export async function openGrounds({ seed, ground, crm: kind }: Schedule, servers: Servers): Promise<Grounds> {
  const closing: (() => Promise<unknown>)[] = []
  const opened = <T>(thing: T, close: (thing: T) => Promise<unknown>): T => {
    closing.unshift(() => close(thing))
    return thing
  }
  const data = opened(
    ground === 'embedded'
      ? embedded()
      : await served(await servers.postgres(), `holdfast_${seed}_${Date.now()}`),
    (one) => one.remove(),
  )
  const redis = ground === 'redis' ? opened(await openRedisPair(), (one) => one.remove()) : null
  const inbox = opened(await openInbox({ port: 0, host: '127.0.0.1' }), (one) => one.close())
  const sms = opened(await startSmsSandbox({ port: 0, host: '127.0.0.1', tells: false }), (one) =>
    one.close(),
  )
  const crm = opened(await (kind === 'hubspot' ? startTaskHubSpot() : startTaskSalesforce()), (one) =>
    one.close(),
  )
  const mailWay = opened(await openWay(inbox), (one) => one.remove())
  const smsWay = opened(await openWay(sms), (one) => one.remove())
  return {
    ...data,
    redis,
    inbox,
    mailWay,
    sms,
    smsWay,
    crm,
    async remove() {
      for (const close of closing) await close()
    },
  }
}

type Data = Pick<Grounds, 'address' | 'postgres' | 'databaseWay' | 'use' | 'remove'>

function embedded(): Data {
  const place = folderPlace(mkdtempSync(join(tmpdir(), 'holdfast-faults-')))
  return { ...place, postgres: null, databaseWay: null }
}

async function served(postgres: OwnServer, name: string): Promise<Data> {
  await administer(postgres.url, `create database ${name}`)
  const own = new URL(postgres.url)
  own.pathname = `/${name}`
  const way = await openWay({ host: own.hostname, port: Number(own.port) })
  const through = new URL(own.href)
  through.port = String(way.port)
  return {
    address: { url: through.href, folder: null },
    postgres,
    databaseWay: way,
    async use(work) {
      const database = await openDatabase({
        url: own.href,
        folder: null,
        dump: firstDump(),
        onLost: () => undefined,
      })
      try {
        return await work(database)
      } finally {
        await database.close()
      }
    },
    async remove() {
      await way.remove()
      await administer(postgres.url, `drop database if exists ${name} with (force)`)
    },
  }
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

async function openRedisPair(): Promise<RedisPair> {
  const servers = [await ownRedis(), await ownRedis()]
  const portOf = ({ url }: OwnServer): number => Number(new URL(url).port)
  let [first, second] = servers
  const ask = async (server: OwnServer, ...command: [string, ...string[]]): Promise<unknown> => {
    const client = new Redis(server.url, { lazyConnect: true, maxRetriesPerRequest: 1 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return await client.call(...command)
    } finally {
      client.disconnect()
    }
  }
  const follow = (): Promise<unknown> => ask(second, 'REPLICAOF', '127.0.0.1', String(portOf(first)))
  await follow()
  const way = await openWay({ host: '127.0.0.1', port: portOf(first) })
  return {
    url: `redis://127.0.0.1:${way.port}`,
    async killAndStartEmpty(awayMs) {
      await first.kill()
      await new Promise((resolve) => setTimeout(resolve, awayMs))
      await first.start()
    },
    flush: async () => void (await ask(first, 'FLUSHALL')),
    async full(ms) {
      await ask(first, 'CONFIG', 'SET', 'maxmemory', '1')
      await new Promise((resolve) => setTimeout(resolve, ms))
      await ask(first, 'CONFIG', 'SET', 'maxmemory', '0')
    },
    async failOver() {
      await first.kill()
      way.cut()
      await ask(second, 'REPLICAOF', 'NO', 'ONE')
      way.lead({ host: '127.0.0.1', port: portOf(second) })
      ;[first, second] = [second, first]
      await second.start()
      await follow()
      await until('the other Redis follows', async () => String(await ask(first, 'PING')) === 'PONG')
    },
    async remove() {
      await way.remove()
      await Promise.all(servers.map((server) => server.remove()))
    },
  }
}
