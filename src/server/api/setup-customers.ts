/** The second step of set-up: who counts as a customer, and who is responsible. */
import { z } from 'zod'
import { asConnection } from '../../contracts/ids.ts'
import { route } from '../route.ts'
import { personOf, settingUpOf } from './connection-control.ts'
import { populationShape } from './population-shape.ts'
import { stageShape } from './setup-connect.ts'
import * as shape from './shapes.ts'

const params = z.strictObject({ id: shape.connectionId })
const tag = 'Set-up'

const populationAnswer = z.object({
  population: populationShape.nullable().meta({ description: 'null: nobody said, and nobody is scored' }),
  records: z.int(),
  stages: z.array(stageShape()),
  proposed: populationShape.nullable(),
})
export type PopulationAnswer = z.infer<typeof populationAnswer>

const preview = z.object({
  population: populationShape.meta({ description: 'As it would be stored' }),
  customers: z.int(),
  records: z.int().meta({ description: 'In the account' }),
  examples: z.array(
    z.object({
      id: z.string().meta({ description: 'In the CRM' }),
      name: z.string().nullable(),
    }),
  ),
})
export type PopulationPreviewAnswer = z.infer<typeof preview>

const standing = {
  current: z
    .union([z.strictObject({ field: z.string() }), z.strictObject({ teamRole: z.string() })])
    .nullable()
    .meta({ description: 'null: of a file a column says it' }),
  fallback: z
    .string()
    .nullable()
    .meta({ description: 'Id of the user who gets what nobody is responsible for' }),
}

const responsible = z.object({
  ...standing,
  records: z.int().meta({ description: 'Customers, or all records while nobody said who is one' }),
  fields: z
    .array(z.object({ field: z.string(), label: z.string(), records: z.int() }))
    .meta({ description: 'Those that name users, with how many records each names one in' }),
  users: z.array(z.object({ id: z.string(), name: z.string().nullable(), email: z.string().nullable() })),
})
export type ResponsibleAnswer = z.infer<typeof responsible>

/** Asking costs calls of the CRM, and shows what stands in records of people. */
const ASKS = { scope: 'read', role: 'operator' } as const

export const setUpCustomerRoutes = [
  route({
    method: 'get',
    path: '/v1/connections/{id}/population',
    summary: 'Who counts as a customer, and what there is to choose from',
    tag,
    access: ASKS,
    rate: 'costly',
    params,
    query: z.strictObject({
      property: shape.word(250).optional().meta({ description: 'Another one whose values are counted' }),
    }),
    answers: {
      200: {
        description: 'With counts as the account has them now',
        schema: populationAnswer,
      },
    },
    handle: async ({ tenant, params: { id }, query }, services) => ({
      status: 200,
      body: await settingUpOf(services).choices(tenant, asConnection(id), query.property),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/connections/{id}/population/preview',
    summary: 'Who would be a customer, with five of them',
    tag,
    access: ASKS,
    rate: 'costly',
    params,
    body: shape.body({ population: populationShape }),
    answers: { 200: { description: 'Nothing is saved', schema: preview } },
    handle: async ({ tenant, params: { id }, body }, services) => ({
      status: 200,
      body: await settingUpOf(services).preview(tenant, asConnection(id), body.population),
    }),
  }),
  route({
    method: 'put',
    path: '/v1/connections/{id}/population',
    summary: 'Says who counts as a customer',
    description:
      'At once for all that is stored: who comes in is scored, who leaves is written back as left. A CRM is read once more. Refused where it is nobody. With `was`, what somebody else said since is a conflict, and nothing is saved.',
    tag,
    access: { scope: 'admin', role: 'admin' },
    params,
    body: shape.body({
      population: populationShape,
      was: populationShape
        .nullable()
        .optional()
        .meta({ description: '`population` of GET, as you looked at it' }),
    }),
    answers: {
      200: {
        description: 'It holds',
        schema: preview.extend({
          entered: z.int().meta({ description: 'Of those that are stored' }),
          left: z.int(),
        }),
      },
    },
    handle: async ({ tenant, params: { id }, body, caller, requestId }, services) => ({
      status: 200,
      body: await settingUpOf(services).save(
        tenant,
        asConnection(id),
        body.population,
        personOf(caller, requestId),
        body.was,
      ),
    }),
  }),
  route({
    method: 'get',
    path: '/v1/connections/{id}/responsible',
    summary: 'Who is responsible for customers, and what there is to choose from',
    tag,
    access: ASKS,
    rate: 'costly',
    params,
    answers: { 200: { description: 'With counts as the account has them now', schema: responsible } },
    handle: async ({ tenant, params: { id } }, services) => ({
      status: 200,
      body: await settingUpOf(services).responsibles(tenant, asConnection(id)),
    }),
  }),
  route({
    method: 'put',
    path: '/v1/connections/{id}/responsible',
    summary: 'Says who is responsible for customers',
    description:
      'Every customer is read once more. With `was`, what somebody else said since is a conflict, and nothing is saved.',
    tag,
    access: { scope: 'admin', role: 'admin' },
    params,
    body: shape
      .body({
        field: shape.word(250).optional().meta({ description: 'A property or field that names a user' }),
        teamRole: shape
          .word(250)
          .optional()
          .meta({ description: 'A role in the account team, of Salesforce' }),
        fallback: shape.word(50).nullable().optional().meta({ description: 'Id of a user; null: nobody' }),
        was: z
          .strictObject(standing)
          .optional()
          .meta({ description: '`current` and `fallback` of GET, as you looked at them' }),
      })
      .check(({ value, issues }) => {
        if (value.field !== undefined && value.teamRole !== undefined)
          issues.push({
            code: 'custom',
            message: 'name a field or a role, not both',
            input: value,
            path: ['teamRole'],
          })
      }),
    answers: { 204: { description: 'It is saved' } },
    handle: async ({ tenant, params: { id }, body, caller, requestId }, services) => {
      const { field, teamRole, fallback, was } = body
      await settingUpOf(services).saveResponsible(
        tenant,
        asConnection(id),
        {
          ...(field === undefined ? {} : { field }),
          ...(teamRole === undefined ? {} : { teamRole }),
          ...(fallback === undefined ? {} : { fallback }),
          ...(was === undefined ? {} : { was }),
        },
        personOf(caller, requestId),
      )
      return { status: 204 }
    },
  }),
] as const
