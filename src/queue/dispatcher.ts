/**
 * Brings what is due from the database into the queue, tenant by tenant with a bound for each: so much of it that
 * workers never wait, and so little that whoever comes next waits for a few jobs of the others, not for thousands.
 *
 * It keeps nothing that matters. Which jobs a tenant may have in flight follows from the database alone (its longest
 * due), their ids follow from what they stand for and since when, so that the same work is queued once; and a sweep
 * looks whether what should be waiting still is.
 */
import { createHash, randomUUID } from 'node:crypto'
import type { Queue } from 'bullmq'
import type { Logger } from 'pino'
import type { TenantId } from '../contracts/ids.ts'
import type { Database } from '../store/database.ts'
import { dueInterventions } from '../store/due.ts'
import { giveLeaseBack, takeLease } from '../store/leases.ts'
import { dueSteps } from '../store/steps.ts'
import type { JobData, QueueBackend } from './backend.ts'
import { watchClock } from './clock-watch.ts'
import { trimEnded } from './ended-jobs.ts'
import type { Outage } from './outage.ts'
import { loadOf, watchSends } from './in-flight.ts'
import type { QueueLimits, QueueName } from './service.ts'

export interface Dispatcher {
  /**
   * Never throws, never waits.
   *
   * @param tenant null: of all
   * @param only what may have become due; default: anything
   */
  wake(tenant: TenantId | null, only?: 'sends'): void
  /** Whether this process is the one that dispatches. */
  leads(): boolean
  close(): Promise<void>
}

export interface DispatcherOptions {
  readonly database: Database
  readonly backend: QueueBackend
  readonly queues: Readonly<Record<QueueName, Queue<JobData>>>
  readonly limits: QueueLimits
  readonly log: Logger
  readonly outage: Outage
  /** Before each sweep, such as to listen again. */
  readonly beforeSweep: () => Promise<void>
  /** This process dispatches no more, and another one may. */
  readonly onLeave: () => void
}

/** Jobs brought in by one look at the database. */
const AT_ONCE = 5000

export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { database, backend, queues, limits, log, outage, beforeSweep, onLeave } = options
  const owner = randomUUID()
  const place = jobPlacer(queues, { checkAfterMs: 2 * limits.sweepMs })
  let leading = false
  let closed = false
  let everybody = false
  /** Whom to look after, and whether their steps too. */
  const tenants = new Map<TenantId, { steps: boolean }>()
  const sending = watchSends(limits)
  const clock = watchClock({ log, leaseSeconds: limits.leaseSeconds })
  let busy = false
  /** The last attempt: whether it went well. */
  let running: Promise<boolean> = Promise.resolve(true)

  async function dispatchAll(): Promise<void> {
    while (everybody || tenants.size > 0) {
      if (closed || !leading) return
      const wanted = everybody ? null : [...tenants.keys()]
      const ofSteps = everybody
        ? null
        : [...tenants].filter(([, { steps }]) => steps).map(([tenant]) => tenant)
      everybody = false
      tenants.clear()
      await dispatch(wanted, ofSteps)
    }
  }

  async function dispatch(
    wanted: readonly TenantId[] | null,
    ofSteps: readonly TenantId[] | null,
  ): Promise<void> {
    const { stepsPerTenant } = limits
    const inFlight = sending.inFlight()
    const [steps, sends] = await database.asSystem('dispatch what is due', async (tx) => [
      ofSteps?.length === 0
        ? []
        : await dueSteps(tx, { limitPerTenant: stepsPerTenant, limit: AT_ONCE, tenants: ofSteps }),
      await dueInterventions(tx, { limitPerTenant: inFlight, limit: AT_ONCE, tenants: wanted }),
    ])
    const placed = await place(
      [
        ...steps.map(({ tenant, connection, step, since }): DueJob => {
          return { queue: step as QueueName, id: `${connection}.${since}`, data: { tenant, connection } }
        }),
        ...sends.map(({ tenant, intervention, since }): DueJob => {
          return {
            queue: 'act',
            id: `${intervention}.${since}`,
            data: { tenant, interventions: [intervention] },
          }
        }),
      ],
      { everything: wanted === null, load: loadOf(inFlight) },
    )
    // A sweep brings in what anybody had left over: that says nothing of how fast it leaves.
    if (wanted !== null) sending.placed(placed)
  }

  /** What a failed attempt leaves undone, the next sweep finds. */
  function run(): void {
    if (busy) return
    busy = true
    running = attempt()
  }

  async function attempt(): Promise<boolean> {
    try {
      await dispatchAll()
      return true
    } catch (cause) {
      outage.failed(cause)
      return false
    } finally {
      busy = false
      // Promises settle later than the last look ended: who woke in between was heard by nobody.
      if (!closed && leading && (everybody || tenants.size > 0)) run()
    }
  }

  function wake(tenant: TenantId | null, only?: 'sends'): void {
    if (closed) return
    if (!leading) {
      // Perhaps whoever led has just gone.
      if (tenant === null) tick()
      return
    }
    if (tenant === null) everybody = true
    else {
      sending.seen(tenant)
      tenants.set(tenant, { steps: only === undefined || tenants.get(tenant)?.steps === true })
    }
    run()
  }

  let sweeping: Promise<void> | null = null
  async function sweep(): Promise<void> {
    try {
      await beforeSweep()
      // Two sweeps may fail before another process takes over.
      const seconds = Math.max(5, (3 * limits.sweepMs) / 1000)
      leading = await database.asSystem('who dispatches', async (tx) => {
        const leads = await takeLease(tx, { name: 'dispatcher', owner, seconds })
        await clock.look(tx, leads)
        return leads
      })
      await backend.ping()
    } catch (cause) {
      outage.failed(cause)
      return
    }
    if (leading) wake(null)
    // Only now: a look that finds nothing new to queue does not touch the queue.
    if (!busy || (await running)) outage.ok()
  }
  const tick = (): void => {
    sweeping ??= sweep().finally(() => (sweeping = null))
  }
  const timer = setInterval(tick, limits.sweepMs)
  tick()

  return {
    wake,
    leads: () => leading,
    close: async () => {
      closed = true
      clearInterval(timer)
      await sweeping
      await running
      if (!leading) return
      leading = false
      await database.asSystem('who dispatches', (tx) => giveLeaseBack(tx, { name: 'dispatcher', owner }))
      onLeave()
    },
  }
}

interface DueJob {
  readonly queue: QueueName
  /** Of this work since this time: the same one each time that it is found due. */
  readonly id: string
  readonly data: JobData
}

/** States in which a job will still be worked on. */
const PENDING = ['waiting', 'active'] as const

/**
 * Puts jobs into their queues, each once. What was put there and is still due after a while is looked for: the queue
 * may have been emptied, or the job have ended without the database learning of it. It then goes in under another id,
 * since a queue does not take an id again that it still shows among the ended.
 */
function jobPlacer(
  queues: Readonly<Record<QueueName, Queue<JobData>>>,
  { checkAfterMs }: { checkAfterMs: number },
) {
  const placed = new Map<string, { readonly id: string; readonly at: number }>()
  const ended = trimEnded()

  /** @returns how many interventions went into the queue */
  return async (
    due: readonly DueJob[],
    { everything, load }: { readonly everything: boolean; readonly load: number },
  ): Promise<number> => {
    const now = performance.now()
    let sends = 0
    const byQueue = new Map<QueueName, { fresh: DueJob[]; old: DueJob[] }>()
    for (const job of due) {
      const before = placed.get(job.queue + job.id)
      if (before !== undefined && now - before.at < checkAfterMs) continue
      let jobs = byQueue.get(job.queue)
      if (jobs === undefined) byQueue.set(job.queue, (jobs = { fresh: [], old: [] }))
      jobs[before === undefined ? 'fresh' : 'old'].push(job)
    }
    for (const [name, { fresh, old }] of byQueue) {
      const queue = queues[name]
      const wanted = fresh.map((job) => ({ job, id: job.id }))
      if (old.length > 0) {
        const pending = new Set(await queue.getRanges([...PENDING], 0, -1))
        for (const job of old) {
          const { id } = placed.get(job.queue + job.id)!
          if (pending.has(id)) placed.set(job.queue + job.id, { id, at: now })
          else wanted.push({ job, id: `${job.id}.${Date.now().toString(36)}` })
        }
      }
      if (wanted.length === 0) continue
      if (name === 'act') sends = wanted.length
      const loads = loaded(wanted, load)
      await addAll(
        queue,
        loads.map(({ id, data }) => ({ name, data, opts: { jobId: id } })),
      )
      await ended.added(queue, loads.length)
      for (const { id, of } of loads) for (const job of of) placed.set(job.queue + job.id, { id, at: now })
    }
    if (!everything) return sends
    const still = new Set(due.map((job) => job.queue + job.id))
    for (const key of placed.keys()) if (!still.has(key)) placed.delete(key)
    return sends
  }
}

/** Interventions of a tenant go together; everything else by itself. */
function loaded(
  wanted: readonly { readonly job: DueJob; readonly id: string }[],
  load: number,
): readonly { readonly id: string; readonly data: JobData; readonly of: readonly DueJob[] }[] {
  const byTenant = Map.groupBy(wanted, ({ job, id }) =>
    job.data.interventions === undefined ? id : job.data.tenant,
  )
  return [...byTenant.values()].flatMap((jobs) =>
    Array.from({ length: Math.ceil(jobs.length / load) }, (_, n) => {
      const of = jobs.slice(n * load, (n + 1) * load)
      const [{ job }] = of
      const interventions = of.flatMap((one) => one.job.data.interventions ?? [])
      const data = job.data.interventions === undefined ? job.data : { ...job.data, interventions }
      return { id: loadId(of.map(({ id }) => id)), data, of: of.map((one) => one.job) }
    }),
  )
}

/**
 * Another one for each load: where one of them has a job by itself already, such as of a process that died, a queue that
 * knows its id would leave the others away with it.
 */
function loadId(ids: readonly string[]): string {
  return ids.length === 1 ? ids[0] : createHash('sha256').update(ids.join(' ')).digest('hex')
}

/** Many at once are a statement that makes tables of its own, ten times as dear as one job. */
const FEW = 3

async function addAll(queue: Queue<JobData>, jobs: Parameters<Queue<JobData>['addBulk']>[0]): Promise<void> {
  if (jobs.length > FEW) await queue.addBulk(jobs)
  else for (const { name, data, opts } of jobs) await queue.add(name, data, opts)
}
