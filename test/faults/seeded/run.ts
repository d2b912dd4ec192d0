/** One run: a company whose messages are due in bursts, and after each burst something goes wrong. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isSettled, startWorker, until, type WorkerProcess } from '../process.ts'
import type { LeaseTimes } from '../../../src/loop/act-services.ts'
import type { WorkerOptions } from '../worker.ts'
import { openGrounds, type Servers } from './grounds.ts'
import { happen, type Crew, type Happened } from './incidents.ts'
import { causeOf, judge, readEntries, recoveriesOf, type Findings, type Recovery } from './oracle.ts'
import { mailOf, numberOf, planCompany, type ChannelName } from './plan.ts'
import type { Schedule } from './schedule.ts'

export interface Run {
  readonly seed: number
  readonly ground: Schedule['ground']
  readonly crm: Schedule['crm']
  readonly actions: number
  readonly seconds: number
  readonly happened: readonly Happened[]
  /** By channel and state. */
  readonly states: Readonly<Record<string, number>>
  /** In doubt at the end, by what brought them there. */
  readonly doubts: Readonly<Record<string, number>>
  readonly findings: Findings
  readonly recoveries: readonly Recovery[]
  /** Processes that ended although nobody ended them: what they logged last. */
  readonly crashes: readonly string[]
}

/** Shorter than in earnest, so that a run takes a minute; on a machine that is busy with other things they are longer. */
export interface Times {
  /** Longest that a provider may take. */
  readonly timeoutMs: number
  readonly leases: LeaseTimes & { readonly taskMs: number }
  /** Longest that an attempt holds its intervention, by channel. */
  readonly leaseMs: Readonly<Record<ChannelName, number>>
}

/** @param slow 1: a machine of one's own */
export function timesFor(slow: number): Times {
  const timeoutMs = 5000 * slow
  const leases = { prepareMs: 4000 * slow, marginMs: 1500 * slow, taskMs: 5000 * slow }
  const message = timeoutMs + leases.marginMs
  return {
    timeoutMs,
    leases,
    leaseMs: { email: message, sms: message, task: leases.taskMs + leases.marginMs },
  }
}

/** On a machine that others use too. */
const PATIENCE_MS = 180_000

/** @param on.trace told what happens as it does */
export async function runSchedule(
  schedule: Schedule,
  on: { servers: Servers; times: Times; trace: (line: string) => void },
): Promise<Run> {
  const { servers, times, trace } = on
  const started = performance.now()
  const grounds = await openGrounds(schedule, servers)
  const happened: Happened[] = []
  const crashes: string[] = []
  let stop: () => Promise<void> = async () => undefined
  try {
    const { tenant, planned } = await grounds.use((database) => planCompany(database, grounds.crm, schedule))
    breakProviders(schedule, grounds)
    const { address, redis, mailWay, smsWay, sms, crm } = grounds
    const crew = await openCrew(schedule.ground === 'embedded' ? 1 : 2, crashes, {
      address,
      inbox: { host: mailWay.host, port: mailWay.port },
      sms: {
        baseUrl: `http://${smsWay.host}:${smsWay.port}`,
        accountSid: sms.accountSid,
        authToken: sms.authToken,
        messagingServiceSid: sms.messagingServiceSid,
      },
      crm: crm.place,
      ...(redis === null ? {} : { redisUrl: redis.url }),
      tenant,
      timeoutMs: times.timeoutMs,
      leases: times.leases,
      role: 'all',
      alone: schedule.ground === 'embedded',
      limits: { sweepMs: 1000, leaseSeconds: Math.ceil(times.leases.prepareMs / 1000), sendsPerTenant: 16 },
    })
    stop = crew.stop
    const any = (): WorkerProcess => crew.workers()[0]
    const release = (count: number): Promise<void> =>
      until(
        'what is due next',
        () =>
          any()
            .release(count)
            .then(
              () => true,
              () => false,
            ),
        {
          timeoutMs: PATIENCE_MS,
        },
      )
    const burst = Math.ceil(planned.length / (schedule.incidents.length + 1))
    for (const incident of schedule.incidents) {
      await release(burst)
      await sleep(incident.afterMs)
      const one = await happen(incident, { grounds, crew, freezeMs: times.leaseMs.email + 1000 })
      happened.push(one)
      trace(`${one.kind} of ${one.pid ?? 'all'} for ${one.until - one.from} ms`)
    }
    await release(planned.length)
    // What is tried again in a minute need not keep the run waiting. What is open after that is found as lost.
    await until('the end', async () => isSettled(await any().ask('hurry')), {
      timeoutMs: PATIENCE_MS,
      everyMs: 500,
    }).catch(() => trace(`not settled; the last words of the processes: ${crew.lastWords()}`))
    await any().ask('look')
    await until(
      'texts in doubt to be looked up',
      async () => (await any().ask('looking'))?.['waiting'] === 0,
      {
        timeoutMs: PATIENCE_MS,
      },
    )
    await crew.stop()
    return await grounds.use(async (database) => {
      const entries = await readEntries(database, { tenant, planned, grounds })
      const doubtful = entries.filter(({ state }) => state === 'uncertain')
      return {
        seed: schedule.seed,
        ground: schedule.ground,
        crm: schedule.crm,
        actions: planned.length,
        seconds: (performance.now() - started) / 1000,
        happened,
        states: tally(entries.map(({ channel, state }) => `${channel} ${state}`)),
        doubts: tally(
          doubtful.map((one) => `${one.channel} ${causeOf(one, schedule, happened) ?? 'unexplained'}`),
        ),
        findings: judge(entries, { schedule, happened, grounds }),
        recoveries: recoveriesOf(entries, happened),
        crashes,
      }
    })
  } finally {
    await stop()
    await grounds.remove()
  }
}

/** A little slow all of them, so that many a fault falls between what a provider did and what the worker hears. */
function breakProviders(
  { mailFaults, smsFaults }: Schedule,
  { inbox, sms }: Awaited<ReturnType<typeof openGrounds>>,
): void {
  inbox.inject({ fault: { kind: 'slow', at: 'dot', ms: 20 } })
  sms.inject({ fault: { kind: 'slow', at: 'answer', ms: 20 } })
  for (const [at, { fault }] of mailFaults) inbox.inject({ to: mailOf(at), times: 1, fault })
  for (const [at, { fault }] of smsFaults) sms.inject({ to: numberOf(at), times: 1, fault })
}

async function openCrew(
  size: number,
  crashes: string[],
  options: WorkerOptions,
): Promise<Crew & { stop(): Promise<void>; lastWords(): string }> {
  const places: WorkerProcess[] = []
  const check = (worker: WorkerProcess): void => {
    if (worker.ended !== null) crashes.push(worker.log.slice(-2000))
  }
  for (let at = 0; at < size; at++) places.push(await startWorker(options))
  return {
    workers: () => places,
    lastWords: () => places.map(({ log }) => log.slice(-2000)).join('\n'),
    async replace(ended) {
      // One that is still up and should not be, or went of its own.
      for (const worker of places) if (worker !== ended) check(worker)
      places[places.indexOf(ended)] = await startWorker(options)
    },
    async stop() {
      for (const worker of places.splice(0)) {
        check(worker)
        await worker.kill()
      }
    },
  }
}

export function tally(names: readonly string[]): Readonly<Record<string, number>> {
  const grouped = Map.groupBy(names.toSorted(), (name) => name)
  return Object.fromEntries([...grouped].map(([name, all]) => [name, all.length]))
}
