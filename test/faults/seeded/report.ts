/** Many runs in one: the figures that are judged, and whether they hold. */
import type { ChannelName } from './plan.ts'
import { tally, type Run, type Times } from './run.ts'

export interface Report {
  readonly runs: number
  readonly actions: number
  /** Deaths of processes by SIGKILL. */
  readonly kills: number
  /** How often what happened. */
  readonly incidents: Readonly<Record<string, number>>
  readonly grounds: Readonly<Record<string, number>>
  readonly lost: number
  /** Where a provider has keys or can be looked into, and by e-mail. */
  readonly duplicated: { readonly lookedUp: number; readonly blind: number }
  readonly uncertain: {
    readonly count: number
    /** By channel and what brought them there. */
    readonly by: Readonly<Record<string, number>>
    /** In flight at a fault that was injected; the rest is unexplained. */
    readonly inFlight: number
    readonly unexplained: number
    /** Left in doubt by a death, of those at which messages were in flight and of those at which none were. */
    readonly perKill: number
    /** Of 1,000 sends at one kill among them. */
    readonly shareAtOneKillPerThousand: number
  }
  /** Milliseconds until what was in flight moved on, and the bar: the longest lease and 10 s. */
  readonly recovery: Readonly<
    Record<
      ChannelName,
      {
        readonly count: number
        readonly p50: number
        readonly p95: number
        /** Of those that several faults met: since the first of them. */
        readonly sinceFirstP95: number
        readonly bar: number
        /** How many took longer than the bar; of the slowest, by seed and fault, how long. */
        readonly over: number
        readonly slowest: readonly string[]
      }
    >
  >
  readonly crashes: number
  /** Everything that is wrong, by seed. */
  readonly wrong: readonly string[]
  readonly seconds: number
}

export function reportOf(runs: readonly Run[], { leaseMs }: Times): Report {
  const all = <T>(of: (run: Run) => readonly T[]): T[] => runs.flatMap((run) => [...of(run)])
  const happened = all((run) => run.happened.map(({ kind }) => kind))
  const kills = happened.filter((kind) => kind === 'kill').length
  const doubts = sum(runs.map((run) => run.doubts))
  const uncertain = Object.values(doubts).reduce((a, b) => a + b, 0)
  const unexplained = all(({ findings }) => findings.unexplained).length
  const byKill = Object.entries(doubts).reduce(
    (a, [name, count]) => a + (name.endsWith(' kill') ? count : 0),
    0,
  )
  const perKill = kills === 0 ? 0 : byKill / kills
  return {
    runs: runs.length,
    actions: runs.reduce((a, run) => a + run.actions, 0),
    kills,
    incidents: tally(happened),
    grounds: tally(runs.map(({ ground, crm }) => `${ground} ${crm}`)),
    lost: all(({ findings }) => findings.lost).length,
    duplicated: {
      lookedUp: all(({ findings }) => findings.doubled).length,
      blind: all(({ findings }) => findings.doubledBlindly).length,
    },
    uncertain: {
      count: uncertain,
      by: doubts,
      inFlight: uncertain - unexplained,
      unexplained,
      perKill,
      shareAtOneKillPerThousand: perKill / 1000,
    },
    recovery: {
      email: recovery(runs, 'email', leaseMs),
      sms: recovery(runs, 'sms', leaseMs),
      task: recovery(runs, 'task', leaseMs),
    },
    crashes: all(({ crashes }) => crashes).length,
    wrong: runs.flatMap(({ seed, ground, findings, crashes }) => [
      ...Object.entries(findings).flatMap(([name, list]: [string, readonly string[]]) =>
        list.map((one) => `seed ${seed} on ${ground}: ${name}: ${one}`),
      ),
      ...crashes.map((log) => `seed ${seed} on ${ground}: a process ended by itself: ${log}`),
    ]),
    seconds: runs.reduce((a, run) => a + run.seconds, 0),
  }
}

/** What does not hold, as sentences. */
export function failuresOf({ wrong, uncertain, recovery }: Report): readonly string[] {
  const slow = Object.entries(recovery).flatMap(([channel, { sinceFirstP95, bar, count }]) =>
    count > 0 && sinceFirstP95 > bar
      ? [`recovery by ${channel}: p95 is ${sinceFirstP95} ms, and ${bar} ms is the most.`]
      : [],
  )
  const share = uncertain.shareAtOneKillPerThousand
  const doubtful =
    share >= 0.005
      ? [`uncertain: ${(100 * share).toFixed(2)} % at one kill per 1,000 sends; .5 % is the most.`]
      : []
  return [...wrong, ...slow, ...doubtful]
}

function recovery(
  runs: readonly Run[],
  channel: ChannelName,
  leaseMs: Times['leaseMs'],
): Report['recovery'][ChannelName] {
  const all = runs
    .flatMap(({ seed, recoveries }) => recoveries.map((one) => ({ ...one, seed })))
    .filter((one) => one.channel === channel)
    .toSorted((a, b) => a.ms - b.ms)
  const times = all.map(({ ms }) => ms)
  const first = all.map(({ sinceFirstMs }) => sinceFirstMs).toSorted((a, b) => a - b)
  const bar = leaseMs[channel] + 10_000
  return {
    count: all.length,
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    sinceFirstP95: quantile(first, 0.95),
    bar,
    over: all.filter(({ ms }) => ms > bar).length,
    slowest: all
      .slice(-5)
      .toReversed()
      .map(({ seed, kind, ms }) => `seed ${seed}, ${kind}: ${Math.round(ms)} ms`),
  }
}

/** @param sorted milliseconds, rising */
const quantile = (sorted: readonly number[], share: number): number =>
  sorted.length === 0 ? 0 : Math.round(sorted[Math.ceil(share * sorted.length) - 1])

function sum(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const one of counts)
    for (const [name, count] of Object.entries(one)) total[name] = (total[name] ?? 0) + count
  return total
}
