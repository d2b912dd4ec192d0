import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asCustomer, asIntervention, type ConnectionId, type TenantId } from '../../../src/contracts/ids.ts'
import type { RepAnswerCountsAnswer, RepAnswerLineAnswer } from '../../../src/server/api/rep-answers.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import type { Role } from '../../../src/security/access.ts'
import type { Database } from '../../../src/store/database.ts'
import { keepRepAnswer, type NewRepAnswer } from '../../../src/store/rep-answers.ts'
import { fillBook } from '../../support/book.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

let database: Database
let server: TestServer
let tenant: TenantId
let connection: ConnectionId
let first: number

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes)
  tenant = await addTenant(database)
  connection = await addConnection(database, tenant)
  ;({ first } = await fillBook(database, tenant, connection, { count: 12 }))
  await say(1, { answer: 'approve' }, '2026-11-01T08:00:00Z')
  await say(2, { answer: 'not_right', reason: 'wrong_contact', note: 'Ines left.' }, '2026-11-02T08:00:00Z')
  await say(3, { answer: 'not_right', reason: 'wrong_contact' }, '2026-11-03T08:00:00Z')
  await say(4, { answer: 'not_right', reason: 'no_risk' }, '2026-11-04T08:00:00Z')
  await say(5, { answer: 'snooze', until: new Date('2026-11-19T08:00:00Z') }, '2026-11-05T08:00:00Z')
})
afterAll(async () => {
  await server.close()
  await database.close()
})

const say = (n: number, differs: Partial<NewRepAnswer> & Pick<NewRepAnswer, 'answer'>, at: string) =>
  database.withTenant(tenant, (tx) =>
    keepRepAnswer(tx, {
      customer: asCustomer(first + n),
      connection,
      decision: null,
      intervention: asIntervention(randomUUID()),
      actionKey: 'email',
      reason: null,
      note: null,
      until: null,
      actor: 'user:mara@acme.example',
      at: new Date(at),
      ...differs,
    }),
  )

async function get<T>(path: string, role: Role = 'operator', of = tenant): Promise<T> {
  const answer = await server.fetch(path, { headers: { cookie: await server.cookie(of, role) } })
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as T
}
type Page = { items: RepAnswerLineAnswer[]; next: string | null }

describe(`answers on the record, for admins (${databaseKind})`, () => {
  it('are counted by what was said and why, each with the list of its rows', async () => {
    const counts = await get<RepAnswerCountsAnswer>('/v1/rep-answers/counts?from=2026-11-01&to=2026-12-01')
    expect(counts).toMatchObject({ approved: { count: 1 }, snoozed: { count: 1 }, notRight: { count: 3 } })
    expect(counts.notRight.reasons.map(({ words, count }) => [words, count])).toEqual([
      ['The wrong contact', 2],
      ['They are not about to leave', 1],
    ])
    for (const { list, count } of [counts.approved, counts.notRight, ...counts.notRight.reasons])
      expect((await get<Page>(list)).items).toHaveLength(count)
    expect(await get<RepAnswerCountsAnswer>('/v1/rep-answers/counts?to=2026-11-02')).toMatchObject({
      approved: { count: 1 },
      notRight: { count: 0, reasons: [] },
    })
  })

  it('come newest first, page by page, with the words of whoever said it', async () => {
    const one = await get<Page>('/v1/rep-answers?limit=2')
    expect(one.items.map(({ answer, until }) => [answer, until])).toEqual([
      ['snooze', '2026-11-19T08:00:00.000Z'],
      ['not_right', null],
    ])
    const rest = await get<Page>(`/v1/rep-answers?limit=10&cursor=${encodeURIComponent(one.next!)}`)
    expect(rest.items.map(({ customer }) => customer - first)).toEqual([3, 2, 1])
    expect(rest.items[1]).toMatchObject({
      customerName: 'Customer 3',
      words: 'The wrong contact',
      note: 'Ines left.',
      actor: 'user:mara@acme.example',
    })
  })

  it('name nobody to viewers, and nothing to another company', async () => {
    const { items } = await get<Page>('/v1/rep-answers', 'viewer')
    expect(items).toHaveLength(5)
    expect(JSON.stringify(items)).not.toMatch(/Ines|mara@/)
    const other = await addTenant(database, 'Other')
    expect(await get<Page>('/v1/rep-answers', 'admin', other)).toEqual({ items: [], next: null })
  })

  it('can be had as a file', async () => {
    const answer = await server.fetch('/v1/rep-answers?format=csv&answer=not_right', {
      headers: { cookie: await server.cookie(tenant, 'operator') },
    })
    const lines = (await answer.text()).trim().split(/\r?\n/)
    expect(lines).toHaveLength(4)
    expect(lines[0]).toContain('reason,note')
  })
})
