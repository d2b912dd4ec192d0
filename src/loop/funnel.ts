/**
 * The funnel: from everybody who was decided on to what came back of what was sent. Each number names the list that has
 * exactly its rows. Pure.
 *
 * decided -> worth an action -> possible -> chosen | made -> waits | goes | held back | ended | went out -> came back
 */
import type { InterventionState } from '../store/intervention-states.ts'
import type { DecidedCount, HeardCount, MadeCount } from '../store/reads/funnel.ts'
import { BECAUSE } from '../store/reads/funnel.ts'
import { HEARD, type Heard } from '../store/reads/intervention-filter.ts'
import type { DecisionStage } from '../store/reads/decisions.ts'
import { keptBackWords } from './kept-back-words.ts'

export interface Counted {
  readonly count: number
  /** Route and query of the list that has them. */
  readonly list: string
}

export interface Because extends Counted {
  /** Of the reason; null: none was noted. */
  readonly code: string | null
  /** A clause. */
  readonly words: string
}

export interface DecidedPart {
  /** Whom anything was worth doing for, possible or not. */
  readonly worth: Counted
  /** … and for whom something of that was possible. */
  readonly possible: Counted
  readonly heldBack: Counted & { readonly reasons: readonly Because[] }
  /** Possible, and the budget does more elsewhere, or chance has it. */
  readonly passedOver: Counted
  readonly chosen: Counted & {
    readonly money: readonly {
      readonly currency: string
      readonly expectedValueMinor: number
      readonly plannedCostMinor: number
    }[]
  }
}

export interface MadePart {
  readonly made: Counted
  readonly awaitingApproval: Counted
  /** Planned, taken by a worker, or being sent. */
  readonly underWay: Counted
  readonly snoozed: Counted
  readonly putOff: Counted & { readonly reasons: readonly Because[] }
  readonly heldBack: Counted & { readonly reasons: readonly Because[] }
  /** Rejected, expired, cancelled. */
  readonly ended: Counted & { readonly reasons: readonly (Because & { readonly state: InterventionState })[] }
  readonly dryRun: Counted
  readonly uncertain: Counted
  readonly sent: Sent
  /** Into the sandbox, where it reached nobody. */
  readonly simulated: Sent
  readonly money: readonly {
    readonly currency: string
    readonly reservedMinor: number
    readonly committedMinor: number
    /** What the sandbox used of the budget, as the real thing would. */
    readonly simulatedMinor: number
  }[]
}

export interface Sent extends Counted {
  /** The provider said that it arrived. */
  readonly confirmed: Counted
  readonly heard: Readonly<Record<Heard, Counted>>
}

export interface FunnelRow {
  readonly actionKey: string
  readonly decided: DecidedPart
  readonly made: MadePart
}

export interface Funnel {
  readonly decided: Counted
  readonly compared: Counted & { readonly groups: readonly (Counted & { readonly group: string })[] }
  /** Nobody can say what an action is worth for them. */
  readonly unvalued: Counted
  readonly notWorth: Counted
  readonly total: Omit<FunnelRow, 'actionKey'>
  readonly actions: readonly FunnelRow[]
  readonly channels: readonly { readonly channel: string; readonly made: MadePart }[]
}

export interface FunnelParts {
  readonly decided: readonly DecidedCount[]
  readonly made: readonly MadeCount[]
  readonly heard: readonly HeardCount[]
  /** What all lists are filtered by besides: `{ from: '2026-11-01', to: '2026-12-01', connection }`. */
  readonly filter: Readonly<Record<string, string | undefined>>
  /** Lead actions that are asked for; null: all. */
  readonly leads: readonly string[] | null
  /** Filters of interventions alone, such as the channel. */
  readonly madeFilter: Readonly<Record<string, string | undefined>>
}

/**
 * @example
 * const funnel = funnelOf({ decided, made, heard, filter, leads: null, madeFilter: {} })
 * funnel.total.made.sent // { count: 812, list: '/v1/interventions?…', confirmed: …, heard: … }
 */
export function funnelOf(parts: FunnelParts): Funnel {
  const { decided, made, heard, leads } = parts
  const lists = listsOf(parts)
  const led = leads === null ? decided : decided.filter(({ leadAction }) => leads.includes(leadAction))
  const keys = new Set([
    ...led.map(({ leadAction }) => leadAction).filter((key) => key !== 'no_action'),
    ...made.map(({ actionKey }) => actionKey),
  ])
  const of = (stages: readonly DecisionStage[]): Counted => ({
    count: sum(
      decided.filter(({ stage }) => stages.includes(stage)),
      ({ decisions }) => decisions,
    ),
    list: lists.decisions({ stage: stages.join() }),
  })
  const groups = [...new Set(decided.filter(({ stage }) => stage === 'compared').map(({ group }) => group))]
  const total = leads?.join()
  return {
    decided: { count: sum(decided, ({ decisions }) => decisions), list: lists.decisions({}) },
    compared: {
      ...of(['compared']),
      groups: groups.toSorted().map((group) => ({
        group,
        count: sum(
          decided.filter((one) => one.stage === 'compared' && one.group === group),
          ({ decisions }) => decisions,
        ),
        list: lists.decisions({ stage: 'compared', group }),
      })),
    },
    unvalued: of(['unvalued']),
    notWorth: of(['not_worth']),
    total: {
      decided: decidedPart(led, total, lists),
      made: madePart(made, heard, {}, lists),
    },
    actions: [...keys].toSorted().map((key) => ({
      actionKey: key,
      decided: decidedPart(
        led.filter(({ leadAction }) => leadAction === key),
        key,
        lists,
      ),
      made: madePart(
        made.filter(({ actionKey }) => actionKey === key),
        heard.filter(({ actionKey }) => actionKey === key),
        { action: key },
        lists,
      ),
    })),
    channels: [...new Set(made.map(({ channel }) => channel))].toSorted().map((channel) => ({
      channel,
      made: madePart(
        made.filter((one) => one.channel === channel),
        heard.filter((one) => one.channel === channel),
        { channel },
        lists,
      ),
    })),
  }
}

type Query = Readonly<Record<string, string | undefined>>

interface Lists {
  decisions(query: Query): string
  interventions(query: Query): string
}

function listsOf({ filter, madeFilter }: FunnelParts): Lists {
  const path = (route: string, ...queries: readonly Query[]): string => {
    const all = Object.entries(Object.assign({}, ...queries) as Query)
    const given = all.filter((one): one is [string, string] => one[1] !== undefined)
    return `${route}?${new URLSearchParams(given).toString()}`
  }
  return {
    decisions: (query) => path('/v1/decisions', filter, query),
    interventions: (query) => path('/v1/interventions', { sort: 'created' }, filter, madeFilter, query),
  }
}

function decidedPart(rows: readonly DecidedCount[], lead: string | undefined, lists: Lists): DecidedPart {
  const of = (stages: readonly DecisionStage[]): Counted => ({
    count: sum(
      rows.filter(({ stage }) => stages.includes(stage)),
      ({ decisions }) => decisions,
    ),
    list: lists.decisions({ stage: stages.join(), lead }),
  })
  const chosen = rows.filter(({ stage }) => stage === 'chosen')
  const reasons = Map.groupBy(
    rows.filter(({ stage }) => stage === 'held_back'),
    ({ heldReason }) => heldReason,
  )
  return {
    worth: of(['held_back', 'passed_over', 'chosen']),
    possible: of(['passed_over', 'chosen']),
    heldBack: {
      ...of(['held_back']),
      reasons: mostFirst(
        [...reasons].map(([code, same]) => ({
          code,
          words: keptBackWords(code),
          count: sum(same, ({ decisions }) => decisions),
          list: lists.decisions({ stage: 'held_back', lead, reason: code }),
        })),
      ),
    },
    passedOver: of(['passed_over']),
    chosen: {
      ...of(['chosen']),
      money: [...Map.groupBy(chosen, ({ currency }) => currency)].map(([currency, same]) => ({
        currency,
        expectedValueMinor: sum(same, (one) => one.expectedValueMinor),
        plannedCostMinor: sum(same, (one) => one.plannedCostMinor),
      })),
    },
  }
}

const ENDED: readonly InterventionState[] = ['rejected', 'expired', 'cancelled']
const SENT: readonly InterventionState[] = ['sent', 'confirmed']

function madePart(
  rows: readonly MadeCount[],
  heard: readonly HeardCount[],
  own: Query,
  lists: Lists,
): MadePart {
  const count = (some: readonly MadeCount[]): number => sum(some, ({ interventions }) => interventions)
  const of = (states: readonly InterventionState[]): Counted => ({
    count: count(rows.filter(({ state }) => states.includes(state))),
    list: lists.interventions({ ...own, state: states.join() }),
  })
  const because = (state: InterventionState): (Because & { state: InterventionState })[] =>
    [
      ...Map.groupBy(
        rows.filter((one) => one.state === state),
        ({ reasonCode }) => reasonCode,
      ),
    ].map(([code, same]) => ({
      state,
      code,
      words: code === null ? 'nobody said why' : keptBackWords(code),
      count: count(same),
      list: lists.interventions({ ...own, state, reason: code ?? 'none' }),
    }))
  const withReasons = (state: InterventionState) => ({
    ...of([state]),
    reasons: mostFirst(because(state)).map(({ state: _state, ...one }) => one),
  })
  const sent = (simulated: boolean): Sent => {
    const query = { ...own, simulated: String(simulated) }
    const went = rows.filter((one) => one.simulated === simulated && SENT.includes(one.state))
    const back = heard.filter((one) => one.simulated === simulated)
    return {
      count: count(went),
      list: lists.interventions({ ...query, state: SENT.join() }),
      confirmed: {
        count: count(went.filter(({ state }) => state === 'confirmed')),
        list: lists.interventions({ ...query, state: 'confirmed' }),
      },
      heard: Object.fromEntries(
        HEARD.map((what): [Heard, Counted] => [
          what,
          {
            count: sum(
              back.filter((one) => one.heard === what),
              ({ interventions }) => interventions,
            ),
            list: lists.interventions({ ...query, state: SENT.join(), heard: what }),
          },
        ]),
      ) as Record<Heard, Counted>,
    }
  }
  return {
    made: { count: count(rows), list: lists.interventions(own) },
    awaitingApproval: of(['awaiting_approval']),
    underWay: of(['planned', 'leased', 'sending']),
    snoozed: of(['snoozed']),
    putOff: withReasons('deferred'),
    heldBack: withReasons('suppressed'),
    ended: {
      ...of(ENDED),
      reasons: mostFirst(BECAUSE.filter((one) => ENDED.includes(one)).flatMap(because)),
    },
    dryRun: of(['dry_run']),
    uncertain: of(['uncertain']),
    sent: sent(false),
    simulated: sent(true),
    money: [...Map.groupBy(rows, ({ currency }) => currency)].map(([currency, same]) => ({
      currency,
      reservedMinor: sum(same, (one) => one.reservedMinor),
      committedMinor: sum(same, (one) => (one.simulated ? 0 : one.committedMinor)),
      simulatedMinor: sum(same, (one) => (one.simulated ? one.committedMinor : 0)),
    })),
  }
}

const mostFirst = <One extends Because>(all: readonly One[]): One[] =>
  all.toSorted((a, b) => b.count - a.count || (a.words < b.words ? -1 : 1))

const sum = <One>(all: readonly One[], of: (one: One) => number): number =>
  all.reduce((total, one) => total + of(one), 0)
