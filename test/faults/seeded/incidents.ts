/** Makes happen what a schedule says, and notes when it began, when it was over, and whose process it met. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerProcess } from '../process.ts'
import type { Grounds } from './grounds.ts'
import type { Incident, IncidentKind } from './schedule.ts'

export interface Happened {
  readonly kind: IncidentKind
  /** Of the process that it met; null: it met no single one. */
  readonly pid: number | null
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly until: number
}

export interface Crew {
  /** At work now. */
  workers(): readonly WorkerProcess[]
  /** Puts a new one into the place of one that ended. */
  replace(ended: WorkerProcess): Promise<void>
}

export interface IncidentTerms {
  readonly grounds: Grounds
  readonly crew: Crew
  /** Longer than any lease. */
  readonly freezeMs: number
}

/** @returns when it is over */
export async function happen(incident: Incident, terms: IncidentTerms): Promise<Happened> {
  const workers = terms.crew.workers()
  const worker = workers[Math.floor(incident.chance * workers.length)]
  const from = Date.now()
  await HOW[incident.kind](incident, { ...terms, worker })
  const pid = OF_ONE.has(incident.kind) ? worker.pid : null
  return { kind: incident.kind, pid, from, until: incident.kind === 'kill' ? from : Date.now() }
}

const OF_ONE: ReadonlySet<IncidentKind> = new Set(['kill', 'freeze', 'block', 'term', 'jump'])

type Doing = (
  incident: Incident,
  terms: IncidentTerms & { readonly worker: WorkerProcess },
) => Promise<unknown>

const TWO_HOURS_MS = 2 * 3_600_000

const HOW: Readonly<Record<IncidentKind, Doing>> = {
  kill: async (_, { worker, crew }) => {
    await worker.kill()
    await crew.replace(worker)
  },
  term: async (_, { worker, crew }) => {
    await worker.term()
    const { code, signal } = worker.ended ?? {}
    if (code !== 0)
      throw new Error(`A worker that was told to end ended with ${signal ?? code}: ${worker.log}`)
    await crew.replace(worker)
  },
  freeze: async (_, { worker, freezeMs }) => {
    worker.freeze()
    await sleep(freezeMs)
    worker.thaw()
  },
  block: (incident, { worker }) => worker.block(1500 + incident.lastsMs),
  jump: async (incident, { worker }) => {
    const ms = incident.chance < 0.5 ? TWO_HOURS_MS : -TWO_HOURS_MS
    await worker.jump(ms)
    await sleep(incident.lastsMs)
    await worker.jump(-ms)
  },
  mail_cut: async (incident, { grounds: { mailWay } }) => {
    mailWay.close()
    await sleep(incident.lastsMs)
    mailWay.open()
  },
  mail_stall: async (incident, { grounds: { mailWay } }) => {
    mailWay.hold()
    await sleep(incident.lastsMs)
    mailWay.letGo()
  },
  sms_cut: async (incident, { grounds: { smsWay } }) => {
    smsWay.close()
    await sleep(incident.lastsMs)
    smsWay.open()
  },
  crm: async (incident, { grounds: { crm } }) => {
    for (const how of incident.crm) crm.disturb(how)
  },
  postgres: async (incident, { grounds: { postgres } }) => {
    await postgres!.kill()
    await sleep(incident.lastsMs)
    await postgres!.start()
  },
  database_cut: async (_, { grounds: { databaseWay } }) => databaseWay!.cut(),
  redis_kill: (incident, { grounds: { redis } }) => redis!.killAndStartEmpty(incident.lastsMs),
  redis_flush: (_, { grounds: { redis } }) => redis!.flush(),
  redis_full: (incident, { grounds: { redis } }) => redis!.full(incident.lastsMs),
  redis_failover: (_, { grounds: { redis } }) => redis!.failOver(),
}
