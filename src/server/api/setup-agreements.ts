/** Of the third step of set-up: what a customer pays for, and where that is read from. */
import { z } from 'zod'
import { asConnection } from '../../contracts/ids.ts'
import type { AgreementSource } from '../../control/setting-up-contract.ts'
import { route } from '../route.ts'
import { personOf, settingUpOf } from './connection-control.ts'
import * as shape from './shapes.ts'

const params = z.strictObject({ id: shape.connectionId })
const tag = 'Set-up'
const many = z.int()

/** The rest is the connector's to say: docs/hubspot.md, docs/salesforce.md. */
const source = z.looseObject({ from: z.enum(['properties', 'deals', 'opportunities', 'contracts']) }).meta({
  description:
    'properties: fields of the customer, as the mapping says. deals (HubSpot): pipeline, stages, amountProperty, periodMonths, startProperty, renewalProperty, noticeProperty, autoRenewalProperty. opportunities (Salesforce): stages, types, amountField, periodMonths, renewalField. contracts: statuses, amountField, periodMonths, renewalField',
  example: {
    from: 'deals',
    pipeline: null,
    stages: ['closedwon'],
    periodMonths: 12,
    renewalProperty: 'closedate',
  },
})

const choice = z.object({ value: z.string(), label: z.string() })

export const agreementsAnswer = z.object({
  current: z.looseObject({ from: z.string() }),
  groups: z
    .array(
      z.object({
        from: z.enum(['deals', 'opportunities', 'contracts']),
        pipelines: z.array(z.object({ id: z.string(), label: z.string(), stages: z.array(choice) })),
        amounts: z.array(choice),
        dates: z.array(choice),
      }),
    )
    .meta({ description: 'What they could come from beside fields of the customer' }),
})
export type AgreementsAnswer = z.infer<typeof agreementsAnswer>

const agreementPreviewAnswer = z.object({
  preview: z
    .object({
      sample: many,
      withAgreement: many,
      withAmount: many.meta({ description: 'Amount and currency' }),
      withPeriod: many,
      withRenewal: many,
      currencies: z.array(z.string()),
    })
    .nullable()
    .meta({ description: 'null: they are read from fields, see the mapping' }),
})
export type AgreementPreviewAnswer = z.infer<typeof agreementPreviewAnswer>

export const setUpAgreementRoutes = [
  route({
    method: 'get',
    path: '/v1/connections/{id}/agreements',
    summary: 'Where agreements come from, and what there is to choose from',
    tag,
    access: { scope: 'read', role: 'operator' },
    rate: 'costly',
    params,
    answers: { 200: { description: 'As the CRM has it now', schema: agreementsAnswer } },
    handle: async ({ tenant, params: { id } }, services) => ({
      status: 200,
      body: await settingUpOf(services).agreements.choices(tenant, asConnection(id)),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/connections/{id}/agreements/preview',
    summary: 'Of how many customers amount, period and renewal would be known',
    description: 'Asks the CRM for 100 customers. Nothing is saved.',
    tag,
    access: { scope: 'read', role: 'operator' },
    rate: 'costly',
    params,
    body: shape.body({ agreements: source }),
    answers: {
      200: {
        description: 'By what is known of them',
        schema: agreementPreviewAnswer,
      },
    },
    handle: async ({ tenant, params: { id }, body }, services) => ({
      status: 200,
      body: {
        preview: await settingUpOf(services).agreements.preview(
          tenant,
          asConnection(id),
          body.agreements as AgreementSource,
        ),
      },
    }),
  }),
  route({
    method: 'put',
    path: '/v1/connections/{id}/agreements',
    summary: 'Says where agreements come from',
    description:
      'Every customer is read once more. With `was`, what somebody else said since is a conflict, and nothing is saved.',
    tag,
    access: { scope: 'admin', role: 'admin' },
    params,
    body: shape.body({
      agreements: source,
      was: source.optional().meta({ description: '`current` of GET, as you looked at it' }),
    }),
    answers: { 204: { description: 'It is saved' } },
    handle: async ({ tenant, params: { id }, body, caller, requestId }, services) => {
      await settingUpOf(services).agreements.save(tenant, asConnection(id), {
        source: body.agreements as AgreementSource,
        was: body.was as AgreementSource | undefined,
        by: personOf(caller, requestId),
      })
      return { status: 204 }
    },
  }),
] as const
