/** What a preview keeps of what it has judged: counts by action and reason, and a few examples. */
import type { EmailMessage, SmsMessage, TaskMessage } from '../../actions/channel.ts'
import type { Action } from '../contracts/actions.ts'
import type { CustomerId, InterventionId } from '../contracts/ids.ts'
import type { HeldIntervention } from '../store/interventions.ts'
import type { PlanSummary } from './decide.ts'

/**
 * What would become of an intervention today: it goes out; a person is asked first; it goes later, by itself; it waits
 * for somebody to mend something; it is held back for good; nothing here could carry it out; it ends.
 */
export const OUTCOMES = ['send', 'approval', 'later', 'waits', 'suppressed', 'not_possible', 'ends'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What would become of one intervention. */
export interface Judged {
  readonly outcome: Outcome
  /** Null: it would go out. */
  readonly code: string | null
  /** A sentence; null: it would go out. */
  readonly reason: string | null
  readonly customerName: string | null
  /** Rendered as a dry run, so that its links lead nowhere; null: there is none to show. */
  message(): PreviewMessage | null
}

export type PreviewMessage = EmailMessage | SmsMessage | TaskMessage

export interface BookPreview {
  readonly at: Date
  /** Of the settings that it was made with. */
  readonly settingsVersion: number
  /** whole: everybody, decided on anew. today: who is still undecided, and what is open and due today. */
  readonly book: 'whole' | 'today'
  /** What is to be set up before any of it goes out, as sentences. */
  readonly missing: readonly string[]
  /** Customers that were decided on. */
  readonly customers: number
  /** Of them, for whom nothing is worth doing or allowed. */
  readonly nothing: number
  readonly currency: string
  /** What all that is planned would reserve, minor units. */
  readonly plannedCostMinor: number
  readonly actions: readonly ActionPreview[]
  readonly reasons: readonly ReasonPreview[]
  readonly examples: readonly Example[]
}

export interface ActionPreview {
  readonly key: string
  readonly name: string
  /** As it is carried out by. */
  readonly channel: 'email' | 'sms' | 'task'
  readonly chosen: number
  /** Of the chosen. */
  readonly would: Readonly<Record<Outcome, number>>
  readonly plannedCostMinor: number
  /** Customers for whom it was not open, by reason (models/policy/masks.ts). */
  readonly masked: Readonly<Record<string, number>>
}

export interface ReasonPreview {
  readonly actionKey: string
  readonly channel: string
  readonly outcome: Outcome
  readonly code: string
  /** Of one of them. */
  readonly reason: string
  readonly count: number
}

export interface Example {
  readonly actionKey: string
  readonly channel: string
  readonly outcome: Outcome
  readonly customer: CustomerId
  readonly customerName: string | null
  readonly code: string | null
  readonly reason: string | null
  readonly message: PreviewMessage | null
}

/** Examples that are kept of each action and outcome; one where nothing is said. */
const SHOWN: Partial<Record<Outcome, number>> = { send: 3, approval: 3, later: 3 }

interface Sums {
  readonly action: Pick<Action, 'key' | 'name'>
  readonly channel: ActionPreview['channel']
  chosen: number
  cost: number
  readonly would: Record<Outcome, number>
}

export interface Tallies {
  planned(summary: PlanSummary, actions: readonly Action[]): void
  judged(rows: readonly HeldIntervention[], judged: ReadonlyMap<InterventionId, Judged>): void
  result(): BookPreview
}

export function tallies(
  start: Pick<BookPreview, 'book' | 'missing' | 'currency' | 'settingsVersion'> & { readonly now: Date },
): Tallies {
  const sums = new Map<string, Sums>()
  const masked = new Map<string, Record<string, number>>()
  const names = new Map<string, string>()
  const reasons = new Map<string, ReasonPreview & { count: number }>()
  const examples: Example[] = []
  const shown = new Map<string, number>()
  let customers = 0
  let nothing = 0

  const sumsOf = ({ actionKey, channel }: Pick<HeldIntervention, 'actionKey' | 'channel'>): Sums => {
    const key = `${actionKey} ${channel}`
    const known = sums.get(key)
    if (known !== undefined) return known
    const made: Sums = {
      action: { key: actionKey, name: names.get(actionKey) ?? actionKey },
      channel,
      chosen: 0,
      cost: 0,
      would: { send: 0, approval: 0, later: 0, waits: 0, suppressed: 0, not_possible: 0, ends: 0 },
    }
    sums.set(key, made)
    return made
  }

  function count(row: HeldIntervention, { outcome, code, reason }: Judged): void {
    const of = sumsOf(row)
    of.chosen++
    of.cost += row.currency === start.currency ? row.plannedCostMinor : 0
    of.would[outcome]++
    if (code === null || reason === null) return
    const key = `${row.actionKey} ${row.channel} ${outcome} ${code}`
    const known = reasons.get(key)
    if (known !== undefined) known.count++
    else {
      const { actionKey, channel } = row
      reasons.set(key, { actionKey, channel, outcome, code, reason, count: 1 })
    }
  }

  function show(row: HeldIntervention, one: Judged): void {
    const { outcome } = one
    const key = `${row.actionKey} ${outcome}`
    const many = shown.get(key) ?? 0
    if (many >= (SHOWN[outcome] ?? 1)) return
    shown.set(key, many + 1)
    const { actionKey, channel, customer } = row
    const { customerName, code, reason } = one
    examples.push({
      actionKey,
      channel,
      outcome,
      customer,
      customerName,
      code,
      reason,
      message: one.message(),
    })
  }

  return {
    planned({ funnel, actions: planned }, actions) {
      customers += funnel.candidates
      nothing += funnel.candidates - funnel.chosen
      for (const { key, name } of actions) names.set(key, name)
      for (const { key, masked: of } of planned) {
        const sum = masked.get(key) ?? {}
        for (const [reason, many] of Object.entries(of)) sum[reason] = (sum[reason] ?? 0) + many
        masked.set(key, sum)
      }
      // What nobody would get is told as well, with what it was masked by.
      for (const { key, channel } of actions)
        if (channel !== 'none' && ![...sums.values()].some(({ action }) => action.key === key))
          sumsOf({ actionKey: key, channel })
    },
    judged(rows, judged) {
      for (const row of rows) {
        const one = judged.get(row.id)
        if (one === undefined) continue
        count(row, one)
        show(row, one)
      }
    },
    result() {
      const all = [...sums.values()]
      const { now: at, ...rest } = start
      return {
        at,
        ...rest,
        customers,
        nothing,
        plannedCostMinor: all.reduce((sum, { cost }) => sum + cost, 0),
        actions: all.map(({ action, channel, chosen, cost, would }) => ({
          key: action.key,
          name: names.get(action.key) ?? action.name,
          channel,
          chosen,
          would,
          plannedCostMinor: cost,
          masked: masked.get(action.key) ?? {},
        })),
        reasons: [...reasons.values()].toSorted((a, b) => b.count - a.count),
        examples,
      }
    },
  }
}
