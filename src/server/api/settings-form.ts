/** The form as it goes over the wire, and the actions of the company as its rows. */
import { z } from 'zod'
import { shippedActions } from '../../../actions/catalogue.ts'
import type { Action } from '../../contracts/actions.ts'
import { channelFor } from '../../loop/carried-out.ts'
import { approvalNeeded } from '../../settings/approval.ts'
import { fieldPath } from '../../settings/path.ts'
import { actionsOf, reportingCurrency } from '../../settings/planning.ts'
import { settingsForm } from '../../settings/sections.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import * as shape from './shapes.ts'

/** Of a field; inside of lists, records and variants there are fields again. */
const formField = z.object({
  path: z.string(),
  title: z.string(),
  about: z.string(),
  allowed: z.string().meta({ description: 'What may stand there, in words' }),
  control: z
    .object({
      kind: z.enum([
        'switch',
        'number',
        'percent',
        'money',
        'duration',
        'hour',
        'choice',
        'choices',
        'text',
        'list',
        'rows',
        'record',
        'fields',
        'variant',
      ]),
    })
    .loose()
    .meta({
      description:
        'What shows it. Numbers have min, max, above, below, step, unit and whole, as they are kept: `percent` is a share from 0 to 1. Choices have options with labels; texts format, shortest, longest and pattern; lists `of`; records keys and `of`; rows key and fields; variants `by` and options with fields',
    }),
  none: z
    .string()
    .nullable()
    .meta({ description: 'What null says, such as `No limit`; null: it needs a value' }),
  unset: z.string().nullable().meta({ description: 'What it says that it is left out; null: it never is' }),
  default: z.unknown().optional(),
  advanced: z.boolean().meta({ description: 'Seldom changed: shown on demand' }),
  secret: z.boolean(),
})

const costs = z.object({
  fixedCostMinor: z.int(),
  share: z.number().meta({ description: 'Of the monthly recurring amount, for each month that it lasts' }),
  durationMonths: z.int(),
})

const actionRow = z.object({
  key: shape.actionKey,
  name: z.string(),
  channel: z.enum(['email', 'sms', 'task']).meta({ description: 'Of the catalogue' }),
  carriedOutBy: z.enum(['email', 'sms', 'task']).meta({
    description: 'An offer that nobody fulfils is a task for a person, whatever the catalogue says',
  }),
  own: z.boolean().meta({ description: 'Whether it is one of your own' }),
  base: z.string().meta({ description: 'Its settings stand beneath this path', example: 'catalogue.sms' }),
  enabled: z.boolean(),
  discount: z.number(),
  cost: costs,
  shipped: costs.nullable().meta({ description: 'As the catalogue ships it; null: it is your own' }),
  capacity: z.int().nullable().meta({ description: 'In a period; null: no limit' }),
  leadMonths: z.number(),
  eligibility: z.unknown().meta({ description: 'Whom it is for; null: everybody' }),
  approval: z.object({
    needed: z.boolean(),
    path: z
      .string()
      .meta({ description: 'The setting that says so', example: 'delivery.approval.discounts' }),
  }),
})

export const formAnswer = z.object({
  version: z.int().meta({ description: 'Of the settings that the actions are of' }),
  currency: shape.currency.meta({ description: 'That amounts of the settings are in' }),
  sections: z.array(
    z.object({ key: z.string(), title: z.string(), about: z.string(), fields: z.array(formField) }),
  ),
  actions: z.array(actionRow).meta({ description: 'The catalogue with your own, as it stands' }),
})
export type FormAnswer = z.infer<typeof formAnswer>

export function formOf(version: number, settings: ServiceSettings): z.input<typeof formAnswer> {
  return {
    version,
    currency: reportingCurrency(settings),
    sections: settingsForm().map(({ fields, ...section }) => ({
      ...section,
      fields: fields.map((one) => ({ ...one, control: { ...one.control } })),
    })),
    actions: actionsOf(settings)
      .filter(({ channel }) => channel !== 'none')
      .map((action) => rowOf(action, settings)),
  }
}

function rowOf(action: Action, settings: ServiceSettings): z.input<typeof actionRow> {
  const { key, name, discount, capacity, leadMonths } = action
  const ships = shippedActions.find((one) => one.key === key)
  const own = settings.actions.own.find((one) => one.key === key)
  const channel = action.channel === 'none' ? 'task' : action.channel
  return {
    key,
    name,
    channel,
    carriedOutBy: channelFor({ key, discount, channel }, { tasks: true, settings }),
    own: own !== undefined,
    base: fieldPath(own === undefined ? ['catalogue', key] : ['actions', 'own', key]),
    enabled: own === undefined ? settings.catalogue[key]?.enabled !== false : own.enabled,
    discount,
    cost: costsOf(action),
    shipped: ships === undefined ? null : costsOf(ships),
    capacity,
    leadMonths,
    eligibility: action.eligibility ?? null,
    approval: { needed: approvalNeeded(settings.delivery, action), path: approvalPath(action, settings) },
  }
}

const costsOf = ({ cost }: Action): z.input<typeof costs> => ({
  fixedCostMinor: cost.fixedMinor,
  share: cost.share,
  durationMonths: cost.durationMonths,
})

function approvalPath({ channel, discount }: Action, { delivery }: ServiceSettings): string {
  if (discount > 0 && delivery.approval.discounts) return 'delivery.approval.discounts'
  return `delivery.approval.${channel === 'task' ? 'calls' : channel}`
}
