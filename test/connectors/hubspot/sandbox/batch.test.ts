import { expect, it } from 'vitest'
import { API_VERSION as V } from '../../../../connectors/hubspot/version.ts'
import type { Page, Refusal, Shown } from './calling.ts'
import { openSandbox, type Opened } from './opened.ts'

const COMPANIES = `/crm/objects/${V}/companies/batch`
const TASKS = `/crm/objects/${V}/tasks/batch`

interface Batch {
  readonly status: string
  readonly results: readonly (Shown & { readonly new?: boolean; readonly objectWriteTraceId?: string })[]
  readonly numErrors?: number
  readonly errors?: readonly {
    readonly context: Readonly<Record<string, readonly string[]>>
    readonly category: string
  }[]
}

async function companies(count: number): Promise<Opened & { ids: readonly string[] }> {
  const opened = await openSandbox()
  const { state } = opened.sandbox
  state.addProperty('companies', 'seats', { type: 'number' })
  state.addProperty('tasks', 'key', { hasUniqueValue: true })
  for (let n = 0; n < count; n++) state.createRecord('companies', { name: `Co ${n}` })
  return { ...opened, ids: state.ids('companies') }
}

const task = (key: string, subject: string) => ({
  id: key,
  idProperty: 'key',
  properties: { hs_timestamp: '2026-11-21T09:00:00Z', hs_task_subject: subject },
})

it('takes a hundred inputs, and fifty with history', async () => {
  const { call, ids } = await companies(101)
  const read = (count: number, propertiesWithHistory: string[] = []) =>
    call<Refusal>('POST', `${COMPANIES}/read`, {
      inputs: ids.slice(0, count).map((id) => ({ id })),
      properties: [],
      propertiesWithHistory,
    })
  expect((await read(100)).status).toBe(200)
  expect((await read(101)).body).toMatchObject({ category: 'VALIDATION_ERROR' })
  expect((await read(50, ['name'])).status).toBe(200)
  expect((await read(51, ['name'])).status).toBe(400)
  expect((await read(0)).status).toBe(400)
})

it('tells in a 207 which records are not there, and changes the others', async () => {
  const { call, sandbox, ids } = await companies(2)
  sandbox.state.archiveRecord('companies', ids[1])
  const { status, body } = await call<Batch>('POST', `${COMPANIES}/update`, {
    inputs: [ids[0], ids[1], '404'].map((id) => ({ id, properties: { name: 'New' } })),
  })
  expect(status).toBe(207)
  expect(body.results).toMatchObject([{ id: ids[0], properties: { name: 'New' } }])
  expect(body).toMatchObject({
    numErrors: 2,
    errors: [{ category: 'OBJECT_NOT_FOUND', context: { ids: [ids[1], '404'] } }],
  })
})

it('writes nothing when one is refused, unless each can be told apart', async () => {
  const { call, sandbox, ids } = await companies(2)
  const inputs = [
    { id: ids[0], properties: { seats: 'many' } },
    { id: ids[1], properties: { seats: '2' } },
  ]
  expect((await call('POST', `${COMPANIES}/update`, { inputs })).status).toBe(400)
  expect(sandbox.state.value('companies', ids[1], 'seats')).toBeNull()
  const traced = inputs.map((input, n) => ({ ...input, objectWriteTraceId: `t${n}` }))
  const { status, body } = await call<Batch>('POST', `${COMPANIES}/update`, { inputs: traced })
  expect(status).toBe(207)
  expect(body.results).toMatchObject([{ id: ids[1], objectWriteTraceId: 't1', properties: { seats: '2' } }])
  expect(body.errors).toMatchObject([
    {
      category: 'VALIDATION_ERROR',
      context: { objectWriteTraceId: ['t0'] },
      errors: [{ code: 'INVALID_LONG' }],
    },
  ])
})

it('refuses a batch that names a record twice', async () => {
  const { call, ids } = await companies(1)
  const inputs = [ids[0], ids[0]].map((id) => ({ id, properties: { name: 'x' } }))
  const { status, body } = await call<Refusal>('POST', `${COMPANIES}/update`, { inputs })
  expect(status).toBe(400)
  expect(body.message).toContain('Duplicate IDs')
  expect((await call('POST', `${TASKS}/upsert`, { inputs: [task('a', '1'), task('a', '2')] })).status).toBe(
    400,
  )
})

it('gives all records of a batch one modified date', async () => {
  const { call, ids } = await companies(3)
  const { body } = await call<Batch>('POST', `${COMPANIES}/update`, {
    inputs: ids.map((id) => ({ id, properties: { name: 'x' } })),
  })
  expect(new Set(body.results.map(({ updatedAt }) => updatedAt)).size).toBe(1)
})

it('makes one task of a key, however often and at the same time it is asked', async () => {
  const { call, sandbox } = await companies(0)
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      call<Batch>('POST', `${TASKS}/upsert`, { inputs: [task('k', `Call ${n}`)] }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect(answers.filter(({ body }) => body.results[0].new)).toHaveLength(1)
  expect(sandbox.state.count('tasks')).toBe(1)
  const [record] = answers[0].body.results
  const read = await call<Page>('POST', `${TASKS}/read`, {
    inputs: [{ id: 'K' }],
    idProperty: 'key',
    properties: ['key'],
    propertiesWithHistory: [],
  })
  expect(read.body.results).toMatchObject([{ id: record.id, properties: { key: 'k' } }])
})

it('upserts by unique properties only', async () => {
  const { call } = await companies(0)
  const { status, body } = await call<Refusal>('POST', `${TASKS}/upsert`, {
    inputs: [{ ...task('k', 'x'), idProperty: 'hs_task_subject' }],
  })
  expect(status).toBe(400)
  expect(body.message).toContain('not a unique identifier')
})

it('gives the key of an archived task free', async () => {
  const { call, sandbox } = await companies(0)
  const upsert = () => call<Batch>('POST', `${TASKS}/upsert`, { inputs: [task('k', 'x')] })
  const first = await upsert()
  await call('POST', `${TASKS}/archive`, { inputs: [{ id: first.body.results[0].id }] })
  expect((await upsert()).body.results[0].new).toBe(true)
  expect(sandbox.state.count('tasks')).toBe(1)
})
