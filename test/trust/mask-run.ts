/** A random world, decided on as the service does it, and every rule that the plan breaks. */
import { referenceActions } from '../../actions/catalogue.ts'
import { drawCustomers } from '../../models/policy/draw.ts'
import { MASK_REASONS } from '../../models/policy/masks.ts'
import { random } from '../../models/random.ts'
import type { Action } from '../../src/contracts/actions.ts'
import { minorDigits } from '../../src/contracts/money.ts'
import { carriedOut, isFulfilled } from '../../src/loop/carried-out.ts'
import {
  columnsOf,
  maskContextOf,
  withStoredFacts,
  type StoredContext,
} from '../../src/loop/decide-context.ts'
import { decide, type Left, type Plan } from '../../src/loop/decide.ts'
import { isTranslated } from '../../src/loop/guard-language.ts'
import { pausedActions } from '../../src/loop/pauses.ts'
import { actionsOf, daysIntoPeriod, periodStart, reportingCurrency } from '../../src/settings/planning.ts'
import { parseServiceSettings, type ServiceSettings } from '../../src/settings/service.ts'
import type { AddressFact, LedgerFact, PersonContact } from '../../src/store/decision-facts.ts'
import { oracleOf, type Oracle } from './mask-oracle.ts'
import type { Answer, Customer, World } from './mask-world.ts'

const DAY = 86_400_000

/** How often each reason was the answer, so that a rule that never came up is seen. */
export type Told = Map<string, number>

/**
 * @returns sentences, none where nothing is violated
 * @example
 * violationsIn(randomWorld(1, 100), new Map()) // []
 */
export function violationsIn(world: World, told: Told): string[] {
  const settings = parseServiceSettings(world.settings)
  const actions = carriedOut(actionsOf(settings), { tasks: world.tasks, settings })
  const left = leftOf(world, settings, actions)
  const plan = planOf(world, settings, actions, left)
  const oracle = oracleOf(world)
  return [
    ...world.customers.flatMap((customer, row) => wrongFor(customer, row, { plan, actions, oracle, told })),
    ...wrongInAll(world, { plan, actions, oracle, left }),
  ]
}

interface Decided {
  readonly plan: Plan
  readonly actions: readonly Action[]
  readonly oracle: Oracle
}

/** What has to be so for each action of a customer, both ways: nothing forbidden is open, nothing allowed is shut. */
function wrongFor(
  customer: Customer,
  row: number,
  { plan, actions, oracle, told }: Decided & { readonly told: Told },
): string[] {
  const probabilities = plan.probabilities(row)
  const wrong: string[] = []
  const chosen = actions[plan.action[row]].key
  const say = (what: string): void => {
    wrong.push(`customer ${customer.id}, chosen ${chosen}: ${what} (${JSON.stringify(customer)})`)
  }
  if (plan.reasons[row * actions.length] !== 0) say('doing nothing is masked')
  for (const [at, key] of oracle.keys.entries()) {
    const a = at + 1
    const reason = MASK_REASONS[plan.reasons[row * actions.length + a]]
    told.set(reason, (told.get(reason) ?? 0) + 1)
    const { rules, close } = oracle.broken(customer, key)
    const possible = probabilities[a] > 0 || plan.action[row] === a
    if (possible && reason !== 'open') say(`${key} may be drawn although it is masked: ${reason}`)
    // So near to the limit of the margin that rounding decides.
    if (close) continue
    const sentence = [...rules].join(', ')
    const shut = reason !== 'open' && reason !== 'unproven'
    if (shut && !rules.has(reason)) say(`${key} is masked for ${reason}, but only ${sentence} would be right`)
    if (!shut && rules.size > 0) say(`${key} is ${reason}, but breaks ${sentence}`)
  }
  return wrong
}

/** What all customers share: the budget and the places. */
function wrongInAll(
  { customers }: World,
  { plan, actions, oracle, left }: Decided & { readonly left: Left },
): string[] {
  const wrong: string[] = []
  const taken = actions.map(() => 0)
  let spend = 0
  customers.forEach((customer, row) => {
    const a = plan.action[row]
    taken[a]++
    if (a > 0) spend += oracle.cost(customer, actions[a].key)
  })
  if (left.budget !== null && spend > left.budget) wrong.push(`the plan spends ${spend} of ${left.budget}`)
  left.capacity.forEach((places, a) => {
    if (places !== null && a > 0 && taken[a] > places)
      wrong.push(`${actions[a].key} takes ${taken[a]} of ${places} places`)
  })
  return wrong
}

function planOf(world: World, settings: ServiceSettings, actions: readonly Action[], left: Left): Plan {
  const { customers } = world
  const rows = customers.length
  const chance = random(rows + world.now.getTime() / DAY)
  const known = referenceActions.length
  const names = customers.map(({ id }) => `C-${id}`)
  return decide(
    {
      // Worth a lot, so that only rules and limits keep an action from being chosen.
      values: {
        rows,
        actions: known,
        value: Float32Array.from({ length: rows * known }, (_, at) =>
          at % known === 0 ? 20 : 20 + 6 * chance.next() - 0.3,
        ),
      },
      trained: {
        actions: referenceActions.map(({ key }) => key),
        margin: 0.6,
        gamma: 0.99,
        costs: referenceActions.map(({ cost }) => cost),
        priors: referenceActions.map(() => ({ mean: 0.2, sd: 0.1 })),
      },
      hazard: Float32Array.from(customers, ({ hazard }) => hazard),
      recurring: Float64Array.from(customers, ({ recurring }) => recurring),
      context: contextOf(world, settings, actions),
      draws: drawCustomers({ tenant: 'T', period: '2026-11', policyVersion: '1', salt: '' }, names),
    },
    settings,
    { actions, left },
  )
}

function contextOf(world: World, settings: ServiceSettings, actions: readonly Action[]): StoredContext {
  const { customers, now, tasks, stops } = world
  const contexts = customers.map(({ context }) => context)
  const known = maskContextOf(columnsOf(contexts, actions), daysIntoPeriod(settings.period, now))
  const because = (names: readonly string[]) => new Map(names.map((name) => [name, 'because']))
  const paused = pausedActions(
    {
      installation: null,
      tenant: null,
      actions: because(stops.actions),
      channels: because(stops.channels),
      killed: stops.killed,
      killedReason: stops.killed ? 'because' : null,
    },
    actions,
  )
  const facts = {
    customers: customers.map(({ id }) => id),
    groups: customers.map(({ group }) => group),
    addresses: customers.filter(({ contacts }) => contacts.length > 0).map(addressFact),
    ledger: customers.flatMap((customer) => ledgerFacts(customer, periodStart(settings.period, now), now)),
    contacts: customers.flatMap(({ contacts }) => contacts.flatMap((one) => contactFact(one, now))),
    holds: customers.flatMap(({ id, holds }) => holds.map((kind) => ({ customer: id, kind }))),
    objecting: new Set(customers.flatMap(({ id, objects }) => (objects ? [id] : []))),
    levels: customers.map(({ level }) => level),
    objects: customers.map(({ object }) => object),
  }
  return withStoredFacts(known, facts, {
    actions,
    now,
    paused: actions.map(({ key }) => paused.has(key)),
    unfulfilled: actions.map((action) => !isFulfilled(action, { tasks, settings })),
    translated: ({ key, channel }, language) =>
      channel === 'none' || isTranslated(settings, { channel, action: key, language }),
  })
}

/** As store/decision-facts.ts reads it. */
function addressFact({ id, contacts }: Customer): AddressFact {
  const best = (channel: 'email' | 'sms' | 'call') =>
    contacts
      .filter((one) => one[channel] !== null)
      .toSorted((one, other) => RANK[other[channel] as Answer] - RANK[one[channel] as Answer])
      .at(0)
  const person = (channel: 'email' | 'sms' | 'call') => {
    const one = best(channel)
    return {
      recipient: one?.id ?? null,
      language: one?.language ?? null,
      country: one?.country ?? null,
    }
  }
  return {
    customer_id: id,
    email: best('email')?.email ?? null,
    sms: best('sms')?.sms ?? null,
    call: best('call')?.call ?? null,
    people: { email: person('email'), sms: person('sms'), call: person('call') },
  }
}

const RANK: Readonly<Record<Answer, number>> = { suppressed: 1, refused: 2, unknown: 3, granted: 4 }

function ledgerFacts({ id, past }: Customer, start: Date, now: Date): LedgerFact[] {
  return past.map(({ action, sent, open }) => {
    const times = sent.map((days) => now.getTime() - days * DAY)
    return {
      customer_id: id,
      action_key: action,
      open,
      last_sent: times.length === 0 ? null : new Date(Math.max(...times)),
      sent_in_period: times.filter((time) => time >= start.getTime()).length,
      sent_in_year: times.length,
    }
  })
}

function contactFact({ id, elsewhere }: Customer['contacts'][number], now: Date): PersonContact[] {
  if (elsewhere === null) return []
  const last_sent = new Date(now.getTime() - elsewhere.daysAgo * DAY)
  return [{ recipient: id, last_sent, sent_in_period: elsewhere.inPeriod }]
}

function leftOf({ left }: World, settings: ServiceSettings, actions: readonly Action[]): Left {
  const minor = 10 ** minorDigits(reportingCurrency(settings))
  const { budget } = settings
  return {
    budget: budget === null ? null : Math.floor(Math.min(budget, left?.budget ?? budget) * minor),
    capacity: actions.map(({ key, capacity }) =>
      capacity === null ? null : Math.min(capacity, left?.capacity[key] ?? capacity),
    ),
  }
}
