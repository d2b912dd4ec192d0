/** The budget: what of it is reserved, committed and left, and the ledger behind each intervention. */
import { z } from 'zod'
import { asIntervention } from '../../contracts/ids.ts'
import { heldByCurrency, leftOver } from '../../loop/budget.ts'
import { budgetLimitOf } from '../../settings/budget-limit.ts'
import { periodEnd, periodOf, periodStart } from '../../settings/planning.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import { budgetHeld, entriesOf } from '../../store/budget.ts'
import type { Transaction } from '../../store/database.ts'
import { readIntervention } from '../../store/interventions.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route, type Route } from '../route.ts'
import * as shape from './shapes.ts'

const amount = (about: string) =>
  z.int().meta({ description: `${about}, in minor units of the currency`, example: 41230 })

const held = {
  currency: shape.currency,
  reservedMinor: amount('Planned and not gone out, or offered and not taken yet'),
  committedMinor: amount('Gone out, or taken; what may have gone out counts'),
}

export const budgetReport = z.object({
  period: z.string().meta({ example: '2026-11' }),
  start: shape.time,
  end: shape.time.meta({ description: 'When the next one begins' }),
  currency: shape.currency.meta({ description: 'Of the budget' }),
  limitMinor: z.int().nullable().meta({ description: 'null: there is no limit; 0: it is off' }),
  leftMinor: z
    .int()
    .nullable()
    .meta({ description: 'What may still be planned; null: there is no limit', example: 12000 }),
  held: z.array(z.object(held)).meta({ description: 'By currency' }),
  actions: z.array(
    z.object({
      actionKey: shape.actionKey,
      ...held,
      places: z.int().meta({ description: 'Of the capacity of the action' }),
      dryRunMinor: amount('What dry runs would have used: it holds nothing'),
    }),
  ),
})

export type BudgetReport = z.infer<typeof budgetReport>

const ledger = z.object({
  items: z
    .array(
      z.object({
        at: shape.time,
        day: shape.date.meta({ description: 'Of the decision: its period bears all of it' }),
        kind: z.enum(['reserve', 'commit', 'release']),
        state: z.string().meta({ description: 'State of the intervention then', example: 'sent' }),
        currency: shape.currency,
        reservedMinor: amount('Change of what is reserved'),
        committedMinor: amount('Change of what is committed'),
      }),
    )
    .meta({ description: 'Oldest first' }),
})

/** What of the budget is held and left in the period that a moment lies in. */
export async function readBudget(
  tx: Transaction,
  settings: ServiceSettings,
  at: Date,
): Promise<z.infer<typeof budgetReport>> {
  const limit = budgetLimitOf(settings)
  const [start, end] = [periodStart(settings.period, at), periodEnd(settings.period, at)]
  const rows = await budgetHeld(tx, { start, end })
  const sums = [...heldByCurrency(rows)]
  return {
    period: periodOf(settings.period, at),
    start: start.toISOString(),
    end: end.toISOString(),
    currency: limit.currency,
    limitMinor: limit.limitMinor,
    leftMinor: leftOver(
      limit,
      sums.map(([currency, { reserved, committed }]) => ({ currency, minor: reserved + committed })),
    ),
    held: sums.map(([currency, { reserved, committed }]) => ({
      currency,
      reservedMinor: reserved,
      committedMinor: committed,
    })),
    actions: rows.map(({ dryRunPlaces: _dryRunPlaces, ...row }) => row),
  }
}

export const budgetRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/budget',
    summary: 'What is left of the budget',
    description:
      'Everything that was planned in a decision period holds its whole cost there, whenever it goes out. What ends unsent gives it back.',
    tag: 'Settings',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      at: shape.moment
        .optional()
        .meta({ description: 'A moment in the period that is asked about. Default: now' }),
    }),
    answers: { 200: { description: 'The budget of the period', schema: budgetReport } },
    handle: async ({ tenant, query }, { database, clock }) => {
      const at = query.at === undefined ? clock() : new Date(query.at)
      const body = await database.withTenant(tenant, async (tx) =>
        readBudget(tx, (await currentSettings(tx)).settings, at),
      )
      return { status: 200, body }
    },
  }),
  route({
    method: 'get',
    path: '/v1/interventions/{id}/budget',
    summary: 'What an intervention held of the budget',
    tag: 'Interventions',
    access: { scope: 'read', role: 'viewer' },
    params: z.strictObject({ id: z.uuid() }),
    answers: { 200: { description: 'Its entries in the ledger', schema: ledger } },
    handle: async ({ tenant, params }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const { id } = await readIntervention(tx, asIntervention(params.id))
        const entries = await entriesOf(tx, id)
        return {
          items: entries.map(({ at, day, kind, state, currency, reservedMinor, committedMinor }) => ({
            at,
            day,
            kind,
            state,
            currency,
            reservedMinor,
            committedMinor,
          })),
        }
      }),
    }),
  }),
]
