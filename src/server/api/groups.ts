/** The comparison groups: how large they are, whether they are as they should be, and what they can show. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { groupPower } from '../../loop/group-power.ts'
import { GROUP_NAMES, ratioOf, type GroupRatio } from '../../loop/group-ratio.ts'
import { groupCounts, groupSizes, listExempt, type ExemptCustomer } from '../../store/group-counts.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { LARGEST_PAGE, type PageRequest } from '../../store/reads/paging.ts'
import { route, type Route } from '../route.ts'
import { csvFile, everyPage, listFormat, type CsvColumns } from './csv-file.ts'
import * as shape from './shapes.ts'
import { lineFor } from './shown.ts'

const ratio = (about: string) =>
  z
    .object({
      groups: z.array(
        z.object({
          group: z.enum(GROUP_NAMES),
          observed: z.int(),
          expected: z.number().meta({ description: 'By the shares that were in force when each was drawn' }),
        }),
      ),
      chance: z
        .number()
        .min(0)
        .max(1)
        .meta({ description: 'That groups as they should be differ by so much' }),
      alarm: z
        .boolean()
        .meta({ description: 'The chance is below 0.001: trust no result until the cause is found' }),
    })
    .meta({ description: about })

const share = z.coerce.number('takes a number from 0 to 0.5').min(0).max(0.5)

export const groupsAnswer = z.object({
  sizes: z
    .object({ holdout: z.int(), usual: z.int(), policy: z.int(), exempt: z.int() })
    .meta({ description: 'In the population now' }),
  shares: z
    .object({ holdout: z.number(), usual: z.number() })
    .meta({ description: 'Of the settings: how customers are drawn who come from now on' }),
  drawn: ratio('Everybody who was ever drawn'),
  decided: ratio('Those of them who were decided on'),
})
export type GroupsAnswer = z.infer<typeof groupsAnswer>

const exemptLine = z.object({
  customer: shape.customerId,
  customerName: z.string().nullable(),
  customerObject: shape.customerObject,
  person: shape.mayBePerson,
  connection: shape.connectionId,
  externalId: z.string(),
  groupKey: z.string().meta({ description: 'Id of the top parent account, or its own' }),
  responsible: z.string().nullable(),
})
export type ExemptLineAnswer = z.infer<typeof exemptLine>

export const groupPowerAnswer = z.object({
  treated: z.int().meta({ description: 'Whom the policy decides for' }),
  compared: z.int().meta({ description: 'The holdout' }),
  monthlyHazard: z.number().nullable().meta({
    description: 'Mean chance to leave in a month by the scores; null: nothing was scored yet',
  }),
  smallest: z.array(
    z.object({
      weeks: z.int(),
      effect: z.number().nullable().meta({
        description: 'Share of departures that has to be prevented to show; null: even all of them would not',
      }),
    }),
  ),
  weeksToExample: z.int().nullable().meta({
    description: 'Until an effect of 11 % shows; null: not within two years',
  }),
  sentence: z.string(),
})
export type GroupPowerAnswer = z.infer<typeof groupPowerAnswer>

const CSV: CsvColumns<ExemptCustomer> = {
  customer: ({ customer }) => customer,
  customerName: ({ customerName }) => customerName,
  connection: ({ connection }) => connection,
  externalId: ({ externalId }) => externalId,
  groupKey: ({ groupKey }) => groupKey,
  responsible: ({ responsible }) => responsible,
}

export const groupRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/groups',
    summary: 'How large the comparison groups are, and whether they are as large as they should be',
    description:
      'Parent accounts are counted once, since all beneath one share its group. Nobody is ever drawn anew (docs/groups.md).',
    tag: 'Groups',
    access: { scope: 'read', role: 'viewer' },
    answers: {
      200: {
        description: 'The groups',
        schema: groupsAnswer,
      },
    },
    handle: async ({ tenant }, { database }) => {
      const [{ holdout, usual, policy, exempt }, counts, { settings }] = await database.withTenant(
        tenant,
        async (tx) => [await groupSizes(tx), await groupCounts(tx), await currentSettings(tx)],
      )
      return {
        status: 200,
        body: {
          sizes: { holdout, usual, policy, exempt },
          shares: { holdout: settings.groups.holdout, usual: settings.groups.usual },
          drawn: described(ratioOf(counts, 'keys')),
          decided: described(ratioOf(counts, 'decided')),
        },
      }
    },
  }),
  route({
    method: 'get',
    path: '/v1/groups/exempt',
    summary: 'Customers who are exempted from the comparison',
    description: 'They are left to your team, and compared with nobody (settings: groups.exempt).',
    tag: 'Groups',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({ ...shape.pageQuery, format: listFormat }),
    answers: {
      200: {
        description: 'A page of them',
        schema: shape.pageOf(exemptLine),
      },
    },
    handle: async ({ tenant, query: { format, ...query }, caller }, { database }) => {
      const read = async (asked: PageRequest) => {
        const page = await database.withTenant(tenant, (tx) => listExempt(tx, asked))
        return { ...page, items: page.items.map((one) => lineFor(caller, one)) }
      }
      if (format === 'csv')
        return csvFile(
          'exempt-customers.csv',
          CSV,
          everyPage((cursor) => read({ limit: LARGEST_PAGE, cursor })),
        )
      return { status: 200, body: await read(query) }
    },
  }),
  route({
    method: 'get',
    path: '/v1/groups/power',
    summary: 'The smallest effect that the groups can show, and the weeks that it takes',
    description:
      'Of the groups as they are, or with both shares given as they would be. Two-sided at 5 %, found four times in five.',
    tag: 'Groups',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({ holdout: share.optional(), usual: share.optional() }),
    answers: {
      200: {
        description: 'What can be seen, and when',
        schema: groupPowerAnswer,
      },
    },
    handle: async ({ tenant, query: { holdout, usual } }, { database }) => {
      if ((holdout === undefined) !== (usual === undefined))
        throw new HoldfastError('request_invalid', 'Give both "holdout" and "usual", or neither.')
      const shares = holdout === undefined || usual === undefined ? null : { holdout, usual }
      return { status: 200, body: groupPower(await database.withTenant(tenant, groupSizes), shares) }
    },
  }),
]

function described({ observed, expected, chance, alarm }: GroupRatio) {
  return {
    groups: GROUP_NAMES.map((group, at) => ({ group, observed: observed[at], expected: expected[at] })),
    chance,
    alarm,
  }
}
