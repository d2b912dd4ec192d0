/** Who is given a call: whoever is responsible, a colleague who steps in where she is full, or nobody yet. */
import type { WorkingHours } from '../../actions/task/due-date.ts'
import type { InterventionId } from '../contracts/ids.ts'
import type { CallSettings } from '../settings/calls.ts'
import { periodEnd, periodStart } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { callLoads } from '../store/call-load.ts'
import type { Transaction } from '../store/database.ts'

/** A user of the CRM. */
export interface CallPerson {
  readonly id: string
  readonly name: string | null
}

export type CallPlace =
  | {
      readonly to: 'person'
      readonly responsible: CallPerson | null
      /** The one who was full; null: it went to whoever is responsible. */
      readonly insteadOf: CallPerson | null
    }
  | { readonly to: 'deferred'; readonly code: 'no_call_place'; readonly reason: string; readonly until: Date }

export interface CallPlaces {
  /** Takes a place. The same calls in the same order are given out alike. */
  give(responsible: CallPerson | null): CallPlace
}

const DAY = 86_400_000

/**
 * Reads what was given out in the period, once for a whole batch, where anybody has a limit at all.
 *
 * @param calls that are about to be given out; what they were given at an earlier try does not count
 * @example
 * const places = await openCallPlaces(tx, { settings, now, calls: ids })
 * const place = places.give(customer.owner)
 */
export async function openCallPlaces(
  tx: Transaction,
  {
    settings,
    now,
    calls,
  }: {
    readonly settings: ServiceSettings
    readonly now: Date
    readonly calls: readonly InterventionId[]
  },
): Promise<CallPlaces> {
  const { period } = settings
  const isLimited =
    settings.calls.perPerson !== null ||
    Object.values(settings.calls.people).some(({ perPeriod }) => perPeriod !== null)
  const taken =
    isLimited && calls.length > 0
      ? await callLoads(tx, { start: periodStart(period, now), end: periodEnd(period, now), except: calls })
      : new Map<string, number>()
  return callPlaces(settings, taken, now)
}

const callWords = (many: number): string =>
  many === 0 ? 'no calls' : many === 1 ? 'one call' : `${many} calls`

/** Pure. @param taken calls of the period by person */
export function callPlaces(
  { calls, period }: Pick<ServiceSettings, 'calls' | 'period'>,
  taken: ReadonlyMap<string, number>,
  now: Date,
): CallPlaces {
  const given = new Map(taken)
  const countOf = (id: string): number => given.get(id) ?? 0
  const mostOf = (id: string): number => calls.people[id]?.perPeriod ?? calls.perPerson ?? Infinity
  const take = (id: string): void => void given.set(id, countOf(id) + 1)
  // Whoever has done least so far; of equals always the same one.
  const stepsIn = (): string | undefined =>
    Object.keys(calls.people)
      .filter((id) => calls.people[id].stepsIn && countOf(id) < mostOf(id))
      .sort((a, b) => countOf(a) - countOf(b) || (a < b ? -1 : 1))[0]

  return {
    give(responsible) {
      // It is made without an owner, for whoever takes it.
      if (responsible === null) return { to: 'person', responsible, insteadOf: null }
      if (countOf(responsible.id) < mostOf(responsible.id)) {
        take(responsible.id)
        return { to: 'person', responsible, insteadOf: null }
      }
      const other = stepsIn()
      if (other !== undefined) {
        take(other)
        const person = { id: other, name: calls.people[other].name }
        return { to: 'person', responsible: person, insteadOf: responsible }
      }
      const name = responsible.name ?? `User ${responsible.id}`
      return {
        to: 'deferred',
        code: 'no_call_place',
        reason: `${name} has ${callWords(mostOf(responsible.id))} in this ${period}, which is all that one person is given, and nobody who steps in has room (settings: calls.perPerson, calls.people). It waits for a place.`,
        until: new Date(now.getTime() + DAY),
      }
    },
  }
}

/**
 * The hours in which a person works, as far as they are known; else those of the company.
 *
 * @param person id of the user in the CRM; null: nobody in particular
 * @example
 * workingHoursOf(settings.calls, '0051').zone // 'Europe/Vienna'
 */
export function workingHoursOf(calls: CallSettings, person: string | null): WorkingHours {
  const own = person === null ? undefined : calls.people[person]
  const [from, until] = [own?.from ?? calls.from, own?.until ?? calls.until]
  return {
    zone: own?.zone ?? calls.zone,
    // Of one who states only when she begins, and begins after the others end.
    ...(from < until ? { from, until } : { from: own?.from ?? 0, until: own?.until ?? 24 }),
    days: calls.days,
    holidays: calls.holidays,
  }
}
