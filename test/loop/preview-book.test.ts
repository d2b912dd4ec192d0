import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConnectionId, InterventionId, TenantId } from '../../src/contracts/ids.ts'
import type { ActServices } from '../../src/loop/act-services.ts'
import { takeInterventions } from '../../src/loop/act-take.ts'
import { decideBook } from '../../src/loop/decide-book.ts'
import { pausePart } from '../../src/loop/pausing.ts'
import { previewBook } from '../../src/loop/preview-book.ts'
import { previewJudge } from '../../src/loop/preview-judge.ts'
import type { BookPreview } from '../../src/loop/preview-tally.ts'
import type { LoopServices } from '../../src/loop/services.ts'
import { recordConsent } from '../../src/store/consents.ts'
import type { Database } from '../../src/store/database.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import { activateTenant } from '../../src/store/tenants.ts'
import { atAnyTime } from '../support/acting.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'
import { ADDRESS_KEY, LINK_KEY } from '../support/keys.ts'
import { addBook, addScored, loopServices, stepContext } from './decidable.ts'

const NOW = new Date('2026-11-20T10:00:00Z')
/** So that something is worth doing for a third of the customers. */
const LIVELY = { gate: { threshold: 0.5 }, margin: { gross: 0.9 } }
const LIVE = {
  delivery: { mode: 'live' },
  sender: { name: 'Acme', address: 'hello@acme.example', postalAddress: '1 Main Street' },
  smtp: { host: 'smtp.acme.example' },
}

interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
}

let database: Database
let services: LoopServices & ActServices
beforeAll(async () => {
  database = await openTestDatabase()
  services = {
    ...loopServices(database, () => NOW),
    secrets: {
      addressKey: () => Promise.resolve(ADDRESS_KEY),
      linkKey: () => Promise.resolve(LINK_KEY),
    },
    channels: { email: () => Promise.resolve(null) },
    publicUrl: 'https://holdfast.example.com',
    localUrl: 'http://localhost:3000',
    feedbackPath: async () => ({ ok: true }),
  }
})
afterAll(async () => {
  await services.engines.close()
  await database.close()
})

/** Two of three customers agreed to e-mails. */
async function book(settings: object, count = 60): Promise<Place> {
  const place = await addBook(database, { activated: null, settings: atAnyTime({ ...LIVELY, ...settings }) })
  await addScored(database, place, 1, count)
  await database.withTenant(place.tenant, async (tx) => {
    const found = await tx.query<{ id: number; email: string }>(
      `update recipients set email = 'person-' || customer_id || '@example.com', name = 'Ann', zone = 'Europe/Vienna'
       where tenant_id = $1
       returning id, email`,
      [place.tenant],
    )
    for (const [at, { id, email }] of found.entries()) {
      const hash = hashAddress(ADDRESS_KEY, 'email', email)!
      await tx.query('update recipients set email_hash = $3 where tenant_id = $1 and id = $2', [
        place.tenant,
        id,
        hash,
      ])
      if (at % 3 > 0) await recordConsent(tx, { hash, channel: 'email', status: 'granted', source: 'crm' })
    }
  })
  return place
}

const preview = async ({ tenant }: Place): Promise<BookPreview> => {
  const judge = previewJudge(services, tenant)
  const done = await previewBook(services, { tenant, judge, signal: new AbortController().signal })
  return done!
}

/** Every row of the tenant, but for keys and counters that reading makes. */
const everything = ({ tenant }: Place) =>
  database.withTenant(tenant, (tx) =>
    tx.query(
      `select (select count(*) from decisions where tenant_id = $1) as decisions,
         (select count(*) from interventions where tenant_id = $1) as interventions,
         (select count(*) from intervention_events where tenant_id = $1) as events,
         (select count(*) from audit_log where tenant_id = $1) as audited,
         (select count(*) from steps where tenant_id = $1 and due_at is not null) as steps,
         (select coalesce(sum(pg_column_size(s.*)), 0) from settings_versions s where tenant_id = $1) as settings`,
      [tenant],
    ),
  )

const chosen = ({ actions }: BookPreview) =>
  Object.fromEntries(actions.filter((one) => one.chosen > 0).map((one) => [one.key, one.chosen]))

describe(`the preview of a book (${databaseKind})`, () => {
  it('is what happens once actions are turned on: the same choices, and the same is sent', async () => {
    const place = await book({ ...LIVE })
    const { tenant } = place
    const before = await everything(place)
    const seen = await preview(place)
    expect(await everything(place)).toEqual(before)
    expect(seen).toMatchObject({ book: 'whole', customers: 60, missing: [] })
    expect(seen.nothing + seen.actions.reduce((sum, one) => sum + one.chosen, 0)).toBe(60)

    await database.withTenant(tenant, (tx) => activateTenant(tx, tenant))
    await database.withTenant(tenant, (tx) =>
      tx.query(`update tenants set activated_at = '2026-01-01' where id = $1`, [tenant]),
    )
    await decideBook(services, stepContext(tenant, place.connection))
    const planned = await database.withTenant(tenant, (tx) =>
      tx.query<{ id: InterventionId; key: string }>(
        'select id, action_key as key from interventions where tenant_id = $1 order by id',
        [tenant],
      ),
    )
    const made: Record<string, number> = {}
    for (const { key } of planned) made[key] = (made[key] ?? 0) + 1
    expect(planned.length).toBeGreaterThan(5)
    expect(chosen(seen)).toEqual(made)

    // What is open now is judged, and nobody is left to be decided on.
    const today = await preview(place)
    expect(today).toMatchObject({ book: 'today', customers: 0 })
    expect(chosen(today)).toEqual(made)

    const taken = await database.withTenant(tenant, (tx) =>
      takeInterventions(
        tx,
        services,
        planned.map(({ id }) => ({ intervention: id, worker: 'test' })),
      ),
    )
    const states = await database.withTenant(tenant, (tx) =>
      tx.query<{ state: string }>('select state from interventions where tenant_id = $1 order by id', [
        tenant,
      ]),
    )
    const would = (outcome: 'send' | 'suppressed' | 'waits') =>
      seen.actions.reduce((sum, one) => sum + one.would[outcome], 0)
    expect(would('send')).toBeGreaterThan(0)
    expect(would('suppressed')).toBeGreaterThan(0)
    expect([would('send'), would('suppressed'), would('waits')]).toEqual([
      taken.filter((one) => one.do === 'send').length,
      states.filter(({ state }) => state === 'suppressed').length,
      states.filter(({ state }) => state === 'deferred').length,
    ])
  })

  it('tells what is still to be set up, and looks behind it', async () => {
    const seen = await preview(await book({}))
    expect(seen.missing).toEqual([
      'The delivery mode is dry_run, not live (settings: delivery.mode).',
      expect.stringMatching(/^E-mail: missing: the address that e-mails come from.*mail server/),
    ])
    const email = seen.actions.find(({ key }) => key === 'email')!
    expect(email.would.send).toBeGreaterThan(0)
    expect(email.would.waits).toBe(0)
    expect(seen.reasons).toContainEqual(
      expect.objectContaining({ actionKey: 'email', outcome: 'suppressed', code: 'no_consent' }),
    )
  })

  it('shows messages whose links lead nowhere, with whom they are for', async () => {
    const { examples } = await preview(await book({ ...LIVE }))
    const shown = examples.filter(({ outcome }) => outcome === 'send')
    expect(shown.length).toBeGreaterThan(0)
    for (const { message } of shown) {
      expect(message).toMatchObject({
        kind: 'email',
        to: { address: expect.stringContaining('@example.com') },
      })
      expect(JSON.stringify(message)).toContain('/u/dry-run')
    }
    const suppressed = examples.filter(({ outcome }) => outcome === 'suppressed')
    expect(suppressed.find(({ actionKey }) => actionKey === 'email')).toMatchObject({
      message: null,
      reason: 'Not sent: no consent is on record.',
    })
  })

  it('shows what waits for its hours as well, with the hour', async () => {
    const seen = await preview(
      await book({ ...LIVE, guard: { email: { from: '12:00', to: '13:00', days: 'every' } } }),
    )
    const email = seen.actions.find(({ key }) => key === 'email')!
    expect([email.would.send, email.would.later > 0]).toEqual([0, true])
    expect(seen.examples.find(({ outcome }) => outcome === 'later')).toMatchObject({
      reason: expect.stringContaining('Europe/Vienna'),
      message: { kind: 'email' },
    })
  })

  it('tells what a person would be asked about first', async () => {
    const seen = await preview(await book({ ...LIVE, delivery: { mode: 'live', approval: { email: true } } }))
    const email = seen.actions.find(({ key }) => key === 'email')!
    expect(email.would.send).toBe(0)
    expect(email.would.approval).toBeGreaterThan(0)
    expect(email.would.suppressed).toBeGreaterThan(0)
  })

  it('keeps to a paused action, and to the budget', async () => {
    const place = await book({ ...LIVE, budget: 50 })
    const seen = await preview(place)
    expect(seen.plannedCostMinor).toBeGreaterThan(0)
    expect(seen.plannedCostMinor).toBeLessThanOrEqual(5000)
    await database.withTenant(place.tenant, (tx) =>
      pausePart(tx, { scope: 'action', name: 'email' }, { reason: 'A new text.', actor: 'user:ann' }),
    )
    const paused = (await preview(place)).actions.find(({ key }) => key === 'email')!
    expect(paused.would.send).toBe(0)
  })

  it('is broken off when nobody waits for it', async () => {
    const { tenant } = await book({})
    const judge = previewJudge(services, tenant)
    expect(await previewBook(services, { tenant, judge, signal: AbortSignal.abort() })).toBeNull()
  })
})
