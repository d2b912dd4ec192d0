/** The first step of set-up: what is to be connected, looked at before anything of it is kept. */
import { z } from 'zod'
import { MOST_BYTES } from '../../control/customer-files.ts'
import type { Wanted } from '../../control/setting-up-contract.ts'
import { asConnection } from '../../contracts/ids.ts'
import { route } from '../route.ts'
import { personOf, settingUpOf } from './connection-control.ts'
import { checkShape } from './connection-health.ts'
import { populationShape } from './population-shape.ts'
import * as shape from './shapes.ts'

const secret = (most: number) =>
  shape.text(most).meta({ description: 'Sealed in the vault when it is connected; never given back' })
const login = z
  .url({ protocol: /^https?$/, error: 'takes an address such as https://acme.my.salesforce.com' })
  .max(300)
  .meta({ description: 'Where the org signs people in; default login.salesforce.com' })

const hubspot = z
  .strictObject({
    kind: z.literal('hubspot'),
    token: secret(500).optional().meta({
      description: 'Of a private app. Sealed in the vault when it is connected; never given back',
    }),
    webhookSecret: secret(500).optional(),
    portal: z
      .string()
      .regex(/^\d{1,20}$/, 'takes the number of a HubSpot account')
      .optional()
      .meta({ description: 'An account in which the app was installed at /oauth/hubspot/install' }),
    object: z.enum(['companies', 'contacts']).default('companies'),
  })
  .refine(({ token, portal }) => (token === undefined) !== (portal === undefined), {
    error: 'takes either the token of a private app or the portal in which the app was installed',
  })
const salesforce = z.strictObject({
  kind: z.literal('salesforce'),
  object: z.enum(['Account', 'Contact']).default('Account'),
  signIn: z.discriminatedUnion('how', [
    z.strictObject({
      how: z.literal('web'),
      org: shape.word(18).meta({ description: 'As POST /v1/setup/salesforce/answer gave it' }),
      loginUrl: login.optional(),
    }),
    z.strictObject({
      how: z.literal('key'),
      key: secret(20_000),
      clientId: shape.text(500),
      username: shape.text(255),
      loginUrl: login.optional(),
    }),
    z.strictObject({
      how: z.literal('secret'),
      secret: secret(1000),
      clientId: shape.text(500),
      loginUrl: login,
    }),
  ]),
})
const file = z.strictObject({
  kind: z.literal('file'),
  file: z.uuid('takes the id of an uploaded file').meta({ description: 'As POST /v1/setup/files gave it' }),
})
const sample = z.strictObject({ kind: z.literal('sample') })

const looked = z.discriminatedUnion('kind', [hubspot, salesforce, file])
const wanted = z.discriminatedUnion('kind', [hubspot, salesforce, file, sample])

export const accountFound = z.object({
  system: z.enum(['HubSpot', 'Salesforce', 'File']),
  account: z.object({
    id: z.string(),
    name: z.string().nullable(),
    kind: z.string().meta({ example: 'a live account' }),
    test: z.boolean().meta({ description: 'Risk is written there, and everything else stays a dry run' }),
    currency: z.string().nullable(),
    timeZone: z.string().nullable(),
  }),
  object: z.string(),
  connectedAs: z
    .object({ id: shape.connectionId, name: z.string(), status: z.string() })
    .nullable()
    .meta({ description: 'null: nothing of the company is connected to it' }),
  records: z.int(),
  checks: z.array(checkShape).meta({ description: 'Scopes, quota, missing properties, counts, in words' }),
  stages: z.array(stageShape()).meta({ description: 'What may tell customers from others, with counts' }),
  proposed: populationShape.nullable(),
  properties: z.int().meta({ description: 'That were described' }),
  sample: z.int().meta({ description: 'Records that the figures are of' }),
  recognised: z.array(
    z.object({
      feature: z.string(),
      label: z.string(),
      column: z.string(),
      confidence: z.number(),
      why: z.string(),
      sample: z.string().meta({ description: 'Values of it, a few' }),
    }),
  ),
  sensitive: z
    .array(z.string())
    .meta({ description: 'Properties that are marked as sensitive and left out' }),
  notes: z.array(z.string()),
})
export type AccountFoundAnswer = z.infer<typeof accountFound>

export function stageShape() {
  return z.object({
    property: z.string(),
    label: z.string(),
    type: z.enum(['boolean', 'number']).optional(),
    values: z.array(z.object({ value: z.string(), label: z.string(), records: z.int() })),
  })
}

/** Only people bring secrets: a program that could would be one that holds them. */
const ACCESS = { scope: null, role: 'admin' } as const
const TAG = 'Set-up'

export const setUpConnectRoutes = [
  route({
    method: 'post',
    path: '/v1/setup/look',
    summary: 'What would be connected, with nothing kept',
    description:
      'Signs in, looks what the app may do there, who could be a customer, and which property would feed what. Takes some seconds and some dozens of calls.',
    tag: TAG,
    access: ACCESS,
    rate: 'costly',
    body: looked,
    answers: { 200: { description: 'What was found', schema: accountFound } },
    handle: async ({ tenant, body, caller, requestId }, services) => ({
      status: 200,
      body: await settingUpOf(services).look(tenant, body, personOf(caller, requestId)),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/setup/connect',
    summary: 'Connects a CRM, a file or the sample',
    description:
      'Looks first, and keeps nothing unless all is well. Nobody is scored before it is said who counts as a customer. With `again` a connection is signed in to anew.',
    tag: TAG,
    access: ACCESS,
    body: shape.body({
      to: wanted,
      name: shape.text(100).optional(),
      again: shape.connectionId.optional().meta({ description: 'The connection that is signed in to anew' }),
    }),
    answers: {
      201: {
        description: 'It is connected',
        schema: z.object({
          id: shape.connectionId,
          connection: z.string().meta({ description: 'Its name' }),
          reconnected: z.boolean(),
          warnings: z.array(z.string()),
        }),
      },
    },
    handle: async ({ tenant, body, caller, requestId }, services) => ({
      status: 201,
      body: await settingUpOf(services).connect(
        tenant,
        body.to as Wanted,
        { name: body.name, again: body.again === undefined ? null : asConnection(body.again) },
        personOf(caller, requestId),
      ),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/setup/salesforce/sign-in',
    summary: 'Begins a sign-in to Salesforce by consent',
    description: 'The address works once, for ten minutes. Beginning another one gives up the one before.',
    tag: TAG,
    access: ACCESS,
    body: shape.body({ loginUrl: login.optional() }).default({}),
    answers: {
      200: {
        description: 'Where a person consents',
        schema: z.object({
          address: z.string(),
          state: z.string().meta({ description: 'By which the answer is asked for' }),
          callback: z.string().meta({ description: 'The app in Salesforce has to allow it' }),
        }),
      },
    },
    handle: async ({ tenant, body, origin }, services) => ({
      status: 200,
      body: await settingUpOf(services).beginConsent(tenant, { loginUrl: body.loginUrl, origin }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/setup/salesforce/answer',
    summary: 'Whether somebody consented',
    description: 'To be asked every second or two. The consent is kept at once: it may be given once only.',
    tag: TAG,
    access: ACCESS,
    body: shape.body({ state: shape.word(200) }),
    answers: {
      200: {
        description: 'The org',
        schema: z.object({
          signedIn: z
            .object({ org: z.string(), username: z.string() })
            .nullable()
            .meta({ description: 'null: not yet' }),
        }),
      },
    },
    handle: async ({ tenant, body }, services) => ({
      status: 200,
      body: { signedIn: await settingUpOf(services).consented(tenant, body.state) },
    }),
  }),
  route({
    method: 'post',
    path: '/v1/setup/files',
    summary: 'Brings a customer file',
    description:
      'CSV, Parquet or .xlsx as the body, as it is. It is kept for a day for somebody to connect it.',
    tag: TAG,
    access: ACCESS,
    query: z.strictObject({ name: shape.text(200).meta({ description: 'As the file is called' }) }),
    bodyLimit: MOST_BYTES,
    answers: {
      201: {
        description: 'It is there',
        schema: z.object({ id: z.uuid(), name: z.string(), bytes: z.int() }),
      },
    },
    handle: async ({ tenant, query, chunks }, services) => ({
      status: 201,
      body: await settingUpOf(services).files.receive(tenant, query.name, chunks()),
    }),
  }),
] as const
