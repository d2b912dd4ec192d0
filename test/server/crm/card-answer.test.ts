import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { APP_PATHS } from '../../../connectors/hubspot/app.ts'
import type { CardAnswers } from '../../../src/contracts/record-card.ts'
import { answerApprovals } from '../../../src/store/answer-approvals.ts'
import type { Database } from '../../../src/store/database.ts'
import { moveIntervention } from '../../../src/store/intervention-moves.ts'
import { insertPerson } from '../../../src/store/people.ts'
import { listRepAnswers } from '../../../src/store/rep-answers.ts'
import { databaseKind, openTestDatabase } from '../../support/database.ts'
import { movesOf } from '../../support/ledger.ts'
import { signHubSpot } from '../../support/hubspot-signing.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import {
  APP_KEY,
  asking,
  BASE,
  change,
  connectAccount,
  recordOf,
  repOf,
  SECRET,
  suggest,
  type Account,
} from './rig.ts'

let database: Database
let server: TestServer
let woken = 0
beforeAll(async () => {
  database = await openTestDatabase()
  const absent = () => Promise.reject(new Error('there is no queue in this test'))
  server = await startTestServer(
    database,
    [],
    {},
    { publicUrl: BASE, appKeys: [APP_KEY], queue: { wake: () => void woken++, counts: absent, queues: [] } },
  )
})
afterAll(async () => {
  await server.close()
  await database.close()
})

let account: Account
let asks: ReturnType<typeof asking>
/** Of the second customer, unless it says of which. */
const ask = {
  card: (...of: Parameters<typeof asks.card>) => asks.card(...of),
  answer: (body: object, by?: Parameters<typeof asks.answer>[2], n = 1) =>
    asks.answer(recordOf(account.first + n), body, by),
}
const rep = { email: repOf(1) }
beforeEach(async () => {
  account = await connectAccount(database)
  asks = asking(server, account)
  woken = 0
})

const sql = (text: string, values: readonly unknown[] = []) =>
  database.withTenant(account.tenant, (tx) => tx.query(text, values))
const answers = async (): Promise<CardAnswers> =>
  (await ask.card(recordOf(account.first + 1), rep)).body.answers!
const kept = () => database.withTenant(account.tenant, async (tx) => (await listRepAnswers(tx, {})).items)

describe(`answers on the record in HubSpot (${databaseKind})`, () => {
  it('approve: it goes its way, and who said so is kept beside the decision', async () => {
    const { intervention } = await suggest(database, account, 1)
    const { asked } = await answers()
    const { status, body } = await ask.answer({ intervention, asked, answer: 'approve', note: 'Do it.' }, rep)
    expect([status, body.tone]).toEqual([200, 'success'])
    expect(body.said).toMatch(/^Approved\./)
    expect(body.card.answers).toMatchObject({ approve: null, refused: null })
    expect(body.card.suggestion!.standing).toMatch(/^Goes out by itself/)
    expect((await movesOf(database, account.tenant, intervention)).at(-1)).toMatchObject({
      from_state: 'awaiting_approval',
      to_state: 'planned',
      actor: `user:${rep.email}`,
      reason: `user:${rep.email} approved it: Do it.`,
    })
    expect(woken).toBe(1)
    const [line] = await kept()
    expect(line).toMatchObject({
      customer: account.first + 1,
      intervention,
      answer: 'approve',
      reason: null,
      note: 'Do it.',
      actor: `user:${rep.email}`,
    })
    expect(line.decision).not.toBeNull()
    expect(await sql(`select action, object from audit_log where action like 'intervention.%'`)).toEqual([
      { action: 'intervention.approve', object: intervention },
    ])
  })

  it('snooze: it is put off, and asks again', async () => {
    const { intervention } = await suggest(database, account, 1)
    const { asked, snoozeDays } = await answers()
    expect(snoozeDays).toEqual([1, 3])
    const { body } = await ask.answer({ intervention, asked, answer: 'snooze', days: 3 }, rep)
    expect(body).toMatchObject({ tone: 'success', said: expect.stringMatching(/^Put off until \d/) })
    expect(body.card.suggestion!.standing).toMatch(/^Snoozed until/)
    const [line] = await kept()
    expect(line.answer).toBe('snooze')
    expect(line.until!.getTime() - Date.now()).toBeGreaterThan(2.9 * 86_400_000)
    const late = await ask.answer({ intervention, asked: 'not asked', answer: 'snooze', days: 60 }, rep)
    expect(late.body).toMatchObject({ tone: 'warning', said: expect.stringMatching(/^It expires on/) })
  })

  it('not right: it is stopped for good, with the reason and the words', async () => {
    const { intervention } = await suggest(database, account, 1)
    const { asked } = await answers()
    const { body } = await ask.answer(
      { intervention, asked, answer: 'not_right', reason: 'wrong_contact', note: 'Ines has left them.' },
      rep,
    )
    expect(body).toMatchObject({ tone: 'success', card: { suggestion: null, answers: null } })
    expect(body.card.notices.find(({ kind }) => kind === 'ended')?.text).toMatch(
      /was suggested; on .* it was not sent, said by rep2@example\.com\./,
    )
    expect(body.card.history[0].text).toContain('The wrong contact. Ines has left them.')
    expect(await kept()).toMatchObject([
      { answer: 'not_right', reason: 'wrong_contact', note: 'Ines has left them.' },
    ])
  })

  it('stops what needs no yes, where it has not begun', async () => {
    const { intervention } = await suggest(database, account, 1, { state: 'planned' })
    const { asked, approve } = await answers()
    expect([asked, approve]).toEqual(['not asked', null])
    expect((await ask.answer({ intervention, asked, answer: 'approve' }, rep)).body.tone).toBe('warning')
    const { body } = await ask.answer({ intervention, asked, answer: 'not_right', reason: 'in_touch' }, rep)
    expect(body.tone).toBe('success')
    expect((await movesOf(database, account.tenant, intervention)).at(-1)!.to_state).toBe('rejected')
    const begun = await suggest(database, account, 3, { state: 'planned' })
    for (const [from, to] of [
      ['planned', 'leased'],
      ['leased', 'sending'],
      ['sending', 'sent'],
    ] as const)
      await database.withTenant(account.tenant, (tx) =>
        moveIntervention(tx, { id: begun.intervention, from: [from], to, actor: 'worker' }),
      )
    const late = await ask.answer(
      { intervention: begun.intervention, asked, answer: 'not_right', reason: 'in_touch' },
      { email: repOf(3) },
      3,
    )
    expect(late.body.tone).toBe('info')
    expect(await kept()).toHaveLength(1)
  })

  it('twice is once, and who comes second is told who was first', async () => {
    const { intervention } = await suggest(database, account, 1)
    const { asked } = await answers()
    await database.withTenant(account.tenant, (tx) =>
      answerApprovals(tx, {
        answer: 'approve',
        items: [{ id: intervention, asked }],
        actor: 'user:ann@acme.example',
      }),
    )
    const says = { intervention, asked, answer: 'not_right', reason: 'other' }
    const { body } = await ask.answer(says, rep)
    expect(body.tone).toBe('info')
    expect(body.said).toMatch(/^It was approved already, by ann@acme\.example on \d+ \w+ \d{4}, .*UTC\.$/)
    expect(await kept()).toEqual([])
    const many = await Promise.all([1, 2, 3].map(() => ask.answer({ ...says, asked: 'not asked' }, rep)))
    expect(many.map(({ body: { tone } }) => tone).toSorted()).toEqual(['info', 'info', 'success'])
    expect(await kept()).toHaveLength(1)
  })

  it('of before, when it is asked about anew, is not taken', async () => {
    const { intervention } = await suggest(database, account, 1)
    await answers()
    const before = '2026-01-01T00:00:00.000000Z'
    const { body } = await ask.answer({ intervention, asked: before, answer: 'approve' }, rep)
    expect(body).toMatchObject({ tone: 'warning', said: expect.stringMatching(/^It was asked about anew/) })
    const planned = await ask.answer(
      { intervention, asked: 'not asked', answer: 'not_right', reason: 'other' },
      rep,
    )
    expect(planned.body.tone).toBe('warning')
    expect(await kept()).toEqual([])
  })

  it('are taken from whoever may, and from nobody else', async () => {
    const { intervention } = await suggest(database, account, 1)
    const { asked } = await answers()
    const says = { intervention, asked, answer: 'approve' }
    const stranger = { email: 'somebody@acme.example' }
    expect((await ask.answer(says, stranger)).status).toBe(403)
    await change(database, account.tenant, { cards: { answers: 'operators' } })
    expect((await ask.answer(says, rep)).status).toBe(403)
    for (const [role, status] of [
      ['viewer', 403],
      ['operator', 200],
    ] as const) {
      const email = `${role}@acme.example`
      await database.withTenant(account.tenant, (tx) =>
        insertPerson(tx, {
          id: randomUUID(),
          email,
          name: role,
          role,
          origin: 'invited',
          createdBy: 'a test',
        }),
      )
      expect((await ask.answer(says, { email })).status).toBe(status)
    }
    const other = await suggest(database, account, 2)
    await change(database, account.tenant, { cards: { answers: 'everybody' } })
    const { body } = await ask.card(recordOf(account.first + 2), stranger)
    const open = { intervention: other.intervention, asked: body.answers!.asked, answer: 'approve' }
    expect((await ask.answer(open, stranger, 2)).body.tone).toBe('success')
  })

  it('to what is another account’s, or in a group that is left as it is, find nothing', async () => {
    const other = await connectAccount(database)
    const { intervention } = await suggest(database, other, 1)
    const says = { intervention, asked: 'not asked', answer: 'not_right', reason: 'other' }
    expect((await ask.answer(says, rep)).status).toBe(404)
    expect((await asks.answer(recordOf(other.first + 1), says, rep)).status).toBe(404)
    // It is one of theirs, and of another record than it says.
    const mine = await suggest(database, account, 3)
    expect((await ask.answer({ ...says, intervention: mine.intervention }, rep)).status).toBe(404)
    expect((await ask.answer({ ...says, intervention: randomUUID() }, rep)).status).toBe(404)
    const held = await suggest(database, account, 1)
    await sql(`update customers set group_name = 'holdout' where id = $1`, [account.first + 1])
    expect((await ask.answer({ ...says, intervention: held.intervention }, rep)).status).toBe(404)
    // Another account of the same company.
    const second = await connectAccount(database, { tenant: account.tenant })
    const theirs = await suggest(database, second, 2)
    const say = { ...says, intervention: theirs.intervention }
    expect((await asks.answer(recordOf(second.first + 2), say, { email: repOf(2) })).status).toBe(404)
    expect(await kept()).toEqual([])
  })

  it('that do not fit are refused, and those that come again as they were', async () => {
    const { intervention } = await suggest(database, account, 1)
    const { asked } = await answers()
    for (const wrong of [
      { intervention, asked, answer: 'snooze' },
      { intervention, asked, answer: 'not_right' },
      { intervention, asked, answer: 'not_right', reason: 'because' },
      { intervention, asked, answer: 'approve', more: 1 },
      { intervention: '1', asked, answer: 'approve' },
    ])
      expect((await ask.answer(wrong, rep)).status).toBe(400)
    const { path, ...init } = signHubSpot({
      secret: SECRET,
      base: BASE,
      method: 'POST',
      path: APP_PATHS.cardAnswer,
      by: { portal: account.portal, ...rep },
      body: {
        objectTypeId: '0-2',
        objectId: recordOf(account.first + 1),
        intervention,
        asked,
        answer: 'approve',
      },
      now: new Date(),
    })
    expect((await server.fetch(path, init)).status).toBe(200)
    expect((await server.fetch(path, init)).status).toBe(401)
  })
})
