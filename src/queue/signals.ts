/**
 * How processes tell the dispatcher that there is something to do: NOTIFY in the database, whatever the jobs wait
 * in. A message that is lost costs at most the time until the next sweep.
 */
import type { PoolClient } from 'pg'
import { asTenant, type TenantId } from '../contracts/ids.ts'
import type { Database } from '../store/database.ts'

export interface Signals {
  /** To all processes, this one too; null: look at every tenant. */
  send(tenant: TenantId | null): void
  /** Listens if it does not; again after the connection broke. Throws when it cannot. */
  listen(heard: (tenant: TenantId | null) => void): Promise<void>
  close(): Promise<void>
}

const CHANNEL = 'holdfast_due'
/** A message holds 8,000 bytes. */
const TENANTS_A_MESSAGE = 200

/**
 * @param onError told of messages that could not be sent
 */
export function openSignals({ pool }: Database, onError: (cause: unknown) => void): Signals {
  let listener: PoolClient | null = null
  let everybody = false
  let closed = false
  const tenants = new Set<TenantId>()
  let busy = false
  let sending: Promise<void> = Promise.resolve()

  async function flush(): Promise<void> {
    // What comes within one turn of the loop goes together.
    await new Promise((next) => setImmediate(next))
    while (everybody || tenants.size > 0) {
      const some = everybody ? [] : [...tenants].slice(0, TENANTS_A_MESSAGE)
      if (everybody) tenants.clear()
      everybody = false
      for (const tenant of some) tenants.delete(tenant)
      await pool.query('select pg_notify($1, $2)', [CHANNEL, some.join(',')])
    }
  }

  function start(): void {
    if (busy) return
    busy = true
    sending = attempt()
  }

  async function attempt(): Promise<void> {
    try {
      await flush()
    } catch (cause) {
      onError(cause)
    } finally {
      busy = false
      // Promises settle later than the last look ended: what came in between was sent by nobody.
      if (everybody || tenants.size > 0) start()
    }
  }

  function drop(client: PoolClient): void {
    if (listener !== client) return
    listener = null
    client.removeAllListeners('notification')
    client.release(true)
  }

  return {
    send: (tenant) => {
      if (tenant === null) everybody = true
      else tenants.add(tenant)
      start()
    },
    listen: async (heard) => {
      if (listener !== null || closed) return
      const client = await pool.connect()
      if (closed) {
        client.release()
        return
      }
      listener = client
      client.on('error', () => drop(client))
      client.on('notification', ({ channel, payload = '' }) => {
        if (channel !== CHANNEL) return
        if (payload === '') heard(null)
        else for (const tenant of payload.split(',')) heard(asTenant(tenant))
      })
      try {
        await client.query(`listen ${CHANNEL}`)
      } catch (cause) {
        drop(client)
        throw cause
      }
    },
    close: async () => {
      closed = true
      for (let last: Promise<void> | null = null; last !== sending;) {
        last = sending
        await last
      }
      if (listener !== null) drop(listener)
    },
  }
}
