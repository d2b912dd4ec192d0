import { randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CustomerId, InterventionId } from '../../src/contracts/ids.ts'
import { takeFeedback } from '../../src/loop/feedback.ts'
import { digestWeek, tellDigest } from '../../src/loop/digest.ts'
import { tellRatio, ratioOf } from '../../src/loop/group-ratio.ts'
import { pausePart } from '../../src/loop/pausing.ts'
import { firstGroup } from '../../src/loop/groups.ts'
import { groupPower } from '../../src/loop/group-power.ts'
import { tellLevels } from '../../src/loop/level-alerts.ts'
import { tell, type Telling } from '../../src/loop/tell.ts'
import { tellStop } from '../../src/loop/tell-events.ts'
import { tellRound } from '../../src/loop/tell-rounds.ts'
import { sendTold, webhookPlace, type TellServices } from '../../src/loop/telling.ts'
import { openOutgoing } from '../../src/security/outgoing.ts'
import { makeWebhookSecret, verifyWebhook, type WebhookHeaders } from '../../src/security/standard-webhook.ts'
import { openVault } from '../../src/security/vault.ts'
import { alertSettings } from '../../src/settings/alerts.ts'
import type { Transaction } from '../../src/store/database.ts'
import { groupCounts } from '../../src/store/group-counts.ts'
import { moveIntervention } from '../../src/store/intervention-moves.ts'
import {
  addWebhook,
  listWebhooks,
  readWebhook,
  type WebhookFormat,
} from '../../src/store/outgoing-webhooks.ts'
import { listTold } from '../../src/store/told.ts'
import { openActing, SANDBOX, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { addCustomer } from '../support/ledger.ts'

let acting: Acting
let services: TellServices
let server: Server
let url: string
let answer = 204
const heard: { headers: IncomingHttpHeaders; body: Buffer }[] = []
const vault = openVault({ masterKey: randomBytes(32) })

beforeAll(async () => {
  acting = await openActing()
  server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      heard.push({ headers: request.headers, body: Buffer.concat(pieces) })
      response.writeHead(answer).end()
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`
  services = { ...acting.services, vault, post: openOutgoing({ anywhere: true }) }
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await acting.close()
})

const here = <T>({ tenant }: Place, work: (tx: Transaction) => Promise<T>): Promise<T> =>
  acting.database.withTenant(tenant, work)
const signal = new AbortController().signal
const send = ({ tenant }: Place) => sendTold(services, tenant, signal)
const told = (place: Place) => here(place, async (tx) => (await listTold(tx, { limit: 100 })).items)
const notice: Telling = {
  kind: 'action.stopped',
  level: 'urgent',
  subject: 'The action sms stopped',
  text: 'Ada Ltd and others turned away.',
  unnamed: 'Some turned away.',
  dedupKey: 'stop 1',
}

async function hook(
  place: Place,
  format: WebhookFormat = 'signed',
  kinds: Telling['kind'][] = ['action.stopped'],
) {
  const secret = makeWebhookSecret()
  const id = await here(place, async (tx) => {
    const made = await addWebhook(tx, { name: 'Data team', format, host: 'x', kinds, createdBy: 'a test' })
    await vault.seal(tx, webhookPlace(made.id, 'url'), url)
    await vault.seal(tx, webhookPlace(made.id, 'secret'), secret)
    return made.id
  })
  return { id, secret }
}

describe(`what is told (${databaseKind})`, () => {
  it('reaches each receiver once, however often it is told, and is forgotten when it is sent', async () => {
    const place = await acting.scene({
      settings: { ...SANDBOX, alerts: { email: { to: ['Ops@acme.example'] } } },
    })
    const { secret } = await hook(place)
    const heardBefore = heard.length
    for (let times = 0; times < 2; times++) await here(place, (tx) => tell(tx, notice))
    await here(place, (tx) =>
      tell(tx, { ...notice, kind: 'customer.level', dedupKey: 'nobody asked for it' }),
    )
    expect(await send(place)).toEqual({ sent: 2, again: 0, failed: 0 })
    expect(await send(place)).toEqual({ sent: 0, again: 0, failed: 0 })
    const [mail] = acting.sandbox.list().filter(({ to }) => JSON.stringify(to).includes('ops@acme.example'))
    expect(mail.subject).toBe(notice.subject)
    expect(heard).toHaveLength(heardBefore + 1)
    const { headers, body } = heard[heardBefore]
    const signed = headers as unknown as WebhookHeaders
    expect(verifyWebhook(secret, { headers: signed, body, now: new Date() })).toBe(true)
    expect(verifyWebhook(secret, { headers: signed, body: Buffer.from(`${body} `), now: new Date() })).toBe(
      false,
    )
    expect(JSON.parse(body.toString())).toMatchObject({ type: 'action.stopped', data: { level: 'urgent' } })
    expect(await acting.sql(place, "select body from told where body <> ''")).toEqual([])
  })

  it('is not told where what happened was rolled back', async () => {
    const place = await acting.scene({ settings: { alerts: { email: { to: ['ops@acme.example'] } } } })
    await here(place, async (tx) => {
      await tell(tx, notice)
      throw new Error('rolled back')
    }).catch(() => undefined)
    expect(await told(place)).toEqual([])
  })

  it('names nobody where the settings say so', async () => {
    const place = await acting.scene({
      settings: { alerts: { names: false, email: { to: ['ops@acme.example'] } } },
    })
    await here(place, (tx) => tell(tx, notice))
    expect(await acting.sql(place, 'select body from told')).toEqual([{ body: 'Some turned away.' }])
  })

  it('is tried again with growing pauses and given up after three days; once it works the webhook is well again', async () => {
    const place = await acting.scene()
    const { id } = await hook(place)
    await here(place, (tx) => tell(tx, notice))
    answer = 500
    const pauses: number[] = []
    for (let times = 0; times < 3; times++) {
      expect(await send(place)).toMatchObject({ again: 1 })
      expect(await send(place)).toMatchObject({ again: 0 })
      const [{ pause }] = await acting.sql(
        place,
        'select extract(epoch from due_at - now())::float8 as pause from told',
      )
      pauses.push(Math.round(pause as number))
      await acting.sql(place, 'update told set due_at = now()')
    }
    expect(pauses.map((pause, at) => Math.abs(pause - [5, 300, 1800][at]) <= 5)).toEqual([true, true, true])
    const failing = await here(place, (tx) => readWebhook(tx, id))
    expect(failing).toMatchObject({ status: 'active', lastError: 'x answered with 500.' })
    await acting.sql(place, "update told set created_at = now() - interval '4 days'")
    expect(await send(place)).toMatchObject({ failed: 1 })
    answer = 204
    await here(place, (tx) => tell(tx, { ...notice, dedupKey: 'stop 2' }))
    expect(await send(place)).toMatchObject({ sent: 1 })
    expect(await here(place, (tx) => readWebhook(tx, id))).toMatchObject({
      failingSince: null,
      lastError: null,
    })
  })

  it.each([
    [
      'after five days in which nothing got through',
      500,
      "update outgoing_webhooks set failing_since = now() - interval '5 days'",
    ],
    ['at once when it says that it is gone', 410, 'select 1'],
  ])('disables a webhook %s, and the others hear of it', async (_when, status, before) => {
    const place = await acting.scene({ settings: { alerts: { email: { to: ['ops@acme.example'] } } } })
    const { id } = await hook(place)
    await here(place, (tx) => tell(tx, { ...notice, onlyTo: false, webhook: id }))
    await acting.sql(place, before)
    answer = status
    expect(await send(place)).toMatchObject({ failed: 1 })
    answer = 204
    expect(await here(place, (tx) => readWebhook(tx, id))).toMatchObject({ status: 'disabled' })
    const [{ kind, subject, target }] = await told(place)
    expect([kind, subject, target]).toEqual([
      'webhook.disabled',
      'The webhook "Data team" was disabled',
      'ops@acme.example',
    ])
    const asked = heard.length
    await here(place, (tx) => tell(tx, { ...notice, dedupKey: 'later' }))
    await send(place)
    expect(heard).toHaveLength(asked)
  })

  it('goes round all companies, and what fails for one keeps nothing from another', async () => {
    const [broken, well] = [await acting.scene(), await acting.scene({ settings: SANDBOX })]
    await hook(well, 'slack')
    for (const place of [broken, well]) await here(place, (tx) => tell(tx, notice))
    await acting.sql(
      broken,
      `insert into settings_versions (tenant_id, version, settings, author)
      values ($1, 99, '{"nothing": "known"}', 'a test')`,
      [broken.tenant],
    )
    const before = heard.length
    await tellRound(services, { signal })
    expect(heard.slice(before).some(({ body }) => body.includes('"blocks"'))).toBe(true)
  })
})

describe(`whoever is responsible (${databaseKind})`, () => {
  const eve = { name: 'Eve', email: 'Eve@acme.example' }

  async function said(
    place: Place,
    id: InterventionId,
    {
      kind,
      channel,
      dedupKey,
    }: { kind: 'replied' | 'complained'; channel: 'email' | 'sms'; dedupKey: string },
  ) {
    const event = {
      channel,
      kind,
      at: new Date(),
      dedupKey,
      intervention: id,
      hash: null,
      code: null,
      detail: null,
    }
    await here(place, (tx) => takeFeedback(tx, acting.services, event))
  }

  it('hears of a complaint and of an answer by text, once; of one by e-mail the answer itself tells', async () => {
    const place = await acting.scene({ responsible: eve })
    const mail = await acting.plan(place)
    await said(place, mail, { kind: 'replied', channel: 'email', dedupKey: 'mail 1' })
    expect(await told(place)).toEqual([])
    for (let times = 0; times < 2; times++)
      await said(place, mail, { kind: 'complained', channel: 'email', dedupKey: 'mail 2' })
    const other = await acting.scene({ responsible: eve })
    const text = await acting.plan(other, { channel: 'sms', actionKey: 'sms' })
    await said(other, text, { kind: 'replied', channel: 'sms', dedupKey: 'text 1' })
    const all = [...(await told(place)), ...(await told(other))]
    expect(all.map(({ target, subject }) => [target, subject])).toEqual([
      ['eve@acme.example', 'Somebody complained after an e-mail'],
      ['eve@acme.example', 'Somebody answered after a text'],
    ])
  })

  /** A customer whose risk rose to HIGH so many hours ago. */
  async function risen(place: Place, name: string, hours: number, value = 1000): Promise<CustomerId> {
    const customer = await addCustomer(acting.database, place, { name, responsible: eve })
    await acting.sql(
      place,
      `with s as (
         insert into scores (tenant_id, customer_id, connection_id, scored_at, as_of, probability, kind, monthly_hazard,
           level, level_since, reasons, data_confidence, value_at_risk_minor, currency, model_hash, feature_set_hash,
           input_hash, state)
         values ($1, $2, $3, now(), current_date, .8, 'snapshot', .1, 'HIGH', now() - make_interval(hours => $4::integer),
           '[{"sentence": "Fewer sign-ins"}]', 1, $5, 'EUR', 'm', 'f', 'i', '{}')
       )
       insert into score_history (tenant_id, customer_id, scored_at, probability, level, model_hash)
       values ($1, $2, now() - interval '60 days', .1, 'LOW', 'm'),
         ($1, $2, now() - make_interval(hours => $4::integer), .8, 'HIGH', 'm')`,
      [place.tenant, customer, place.connection, hours, value],
    )
    return customer
  }

  const look = (place: Place, now = new Date(), differs: object = {}) =>
    here(place, (tx) =>
      tellLevels(tx, alertSettings.parse({ levels: { enabled: true, most: 2, ...differs } }), now),
    )

  it('hears of risen customers in one e-mail, the most valuable first, and of nobody twice', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    expect(await look(place)).toBe(0)
    await acting.sql(place, "update told_until set at = now() - interval '3 days'")
    await risen(place, 'Small Ltd', 5, 100_00)
    await risen(place, 'Large Ltd', 6, 900_00)
    await risen(place, 'Middle Ltd', 7, 500_00)
    const old = await risen(place, 'Old Ltd', 100)
    const swinging = await risen(place, 'Swinging Ltd', 3)
    await acting.sql(
      place,
      `insert into score_history (tenant_id, customer_id, scored_at, probability, level, model_hash)
       values ($1, $2, now() - interval '2 days', .7, 'HIGH', 'm')`,
      [place.tenant, swinging],
    )
    const compared = await risen(place, 'Compared Ltd', 3)
    await acting.sql(place, "update customers set group_name = 'holdout' where id = $1", [compared])
    expect(await look(place)).toBe(1)
    expect(await look(place)).toBe(0)
    const [{ body, data, target }] = await acting.sql(place, 'select body, data, target from told')
    expect(target).toBe('eve@acme.example')
    expect((body as string).split('\n').slice(2)).toEqual([
      '- Large Ltd: risk 80 %; 900 EUR at risk; Fewer sign-ins',
      '- Middle Ltd: risk 80 %; 500 EUR at risk; Fewer sign-ins',
      '- and 1 more',
    ])
    expect((data as { customers: number[] }).customers).not.toContain(old)
    await risen(place, 'Next Ltd', 1)
    // One e-mail a day: it waits for the next.
    expect(await look(place)).toBe(0)
    expect(await look(place, new Date(Date.now() + 25 * 3_600_000))).toBe(1)
    const [next] = await acting.sql(place, 'select body from told order by id desc limit 1')
    expect((next.body as string).split('\n').slice(2)).toEqual([
      '- Next Ltd: risk 80 %; 10 EUR at risk; Fewer sign-ins',
    ])
  })

  it('hears nothing where that is off, and of a sandbox in the sandbox', async () => {
    const place = await acting.scene()
    await look(place)
    await acting.sql(place, "update told_until set at = now() - interval '3 days'")
    await risen(place, 'Ada Ltd', 2)
    expect(await look(place, new Date(), { perDay: 0 })).toBe(0)
    expect(await look(place, new Date(), { enabled: false })).toBe(0)
    await acting.sql(place, 'update connections set sandbox = true')
    expect(await look(place)).toBe(1)
    expect(await acting.sql(place, 'select rehearsal from told')).toEqual([{ rehearsal: true }])
  })
})

describe(`the weekly digest (${databaseKind})`, () => {
  it('belongs to the last wanted day whose hour has come, by the calendar of the zone', () => {
    const week = (now: string, differs: object = {}) =>
      digestWeek({ weekday: 'monday', hour: 7, zone: 'Europe/Vienna', ...differs }, new Date(now))
        .toISOString()
        .slice(0, 10)
    expect(week('2026-11-21T12:00:00Z')).toBe('2026-11-16')
    expect(week('2026-11-23T05:59:00Z')).toBe('2026-11-16')
    expect(week('2026-11-23T06:00:00Z')).toBe('2026-11-23')
    // Sunday, 29 March 2026: there is no 02:30 in Vienna.
    const skipped = { weekday: 'sunday', hour: 2 }
    expect(week('2026-03-29T00:59:00Z', skipped)).toBe('2026-03-22')
    expect(week('2026-03-29T01:00:00Z', skipped)).toBe('2026-03-29')
    expect(week('2026-11-22T16:59:00Z', { zone: 'Pacific/Kiritimati' })).toBe('2026-11-16')
    expect(week('2026-11-22T17:00:00Z', { zone: 'Pacific/Kiritimati' })).toBe('2026-11-23')
  })

  it('calls actions as the admin named them, and so does the notice that one stopped', async () => {
    const effect = { mean: 0.1, sd: 0.1 }
    const own = [{ key: 'gift', name: 'A box of pralines', channel: 'email', effect }]
    const place = await acting.scene({
      settings: { actions: { own }, alerts: { email: { to: ['ops@acme.example'] } } },
    })
    await acting.plan(place, { actionKey: 'gift' })
    await acting.sql(place, `update interventions set state = 'sent', sent_at = now()`)
    const digest = (days: number) =>
      here(place, (tx) => tellDigest(tx, alertSettings.parse({}), new Date(Date.now() + days * 86_400_000)))
    await digest(-7)
    await digest(0)
    await here(place, (tx) =>
      tellStop(tx, {
        stop: {
          scope: 'action',
          name: 'gift',
          jump: { what: 'optOuts', answers: 9, messages: 120, usual: 0.01, chance: 1e-5 },
        },
        reason: 'Nine opted out.',
        dedupKey: 'a stop',
      }),
    )
    const rows = await acting.sql(place, 'select subject, body from told order by id')
    expect(rows[0].body).toContain('(A box of pralines 1)')
    expect(rows[1].subject).toBe('The action "A box of pralines" stopped by itself')
  })

  it.each([
    [
      true,
      /- 1: Not sent: the customer is on hold \(Ann answered\)\./,
      /- action Send SMS: Ann of Ada Ltd asked/,
    ],
    [false, /- 1: a person has to look first\n/, /- action Send SMS: paused by hand/],
  ])('quotes what may name somebody only where names are told (%s)', async (names, heldBack, paused) => {
    const place = await acting.scene({
      settings: { alerts: { names, email: { to: ['ops@acme.example'] } } },
    })
    const id = await acting.plan(place)
    await here(place, async (tx) => {
      await moveIntervention(tx, {
        id,
        from: ['planned'],
        to: 'suppressed',
        actor: 'worker',
        reasonCode: 'held',
        reason: 'Not sent: the customer is on hold (Ann answered).',
      })
      await pausePart(
        tx,
        { scope: 'action', name: 'sms' },
        { reason: 'Ann of Ada Ltd asked', actor: 'user:x' },
      )
    })
    const digest = (days: number) =>
      here(place, (tx) => tellDigest(tx, alertSettings.parse({}), new Date(Date.now() + days * 86_400_000)))
    await digest(-7)
    await digest(0)
    const [{ body }] = await acting.sql(place, `select body from told where kind = 'digest.weekly'`)
    expect(body).toMatch(heldBack)
    expect(body).toMatch(paused)
    if (!names) expect(body).not.toMatch(/Ann|Ada/)
  })

  it('is told once a week, from the week after it was turned on', async () => {
    const place = await acting.scene({ settings: { alerts: { email: { to: ['ops@acme.example'] } } } })
    await acting.plan(place, { state: 'awaiting_approval' })
    const alerts = alertSettings.parse({})
    const at = (days: number) => new Date(Date.now() + days * 86_400_000)
    const run = (days: number) => here(place, (tx) => tellDigest(tx, alerts, at(days)))
    expect([await run(0), await run(0), await run(7), await run(7), await run(14)]).toEqual([
      false,
      false,
      true,
      false,
      true,
    ])
    const [{ body }] = await acting.sql(place, 'select body from told order by id limit 1')
    expect(body).toContain('Nothing was carried out in the last seven days.')
    expect(body).toContain('Waiting for an approval: 1.')
    expect(
      await here(place, (tx) =>
        tellDigest(tx, { ...alerts, digest: { ...alerts.digest, enabled: false } }, at(21)),
      ),
    ).toBe(false)
  })
})

describe(`the groups (${databaseKind})`, () => {
  const fill = (place: Place, sizes: Readonly<Record<'holdout' | 'usual' | 'policy', number>>) =>
    acting.sql(
      place,
      `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash, group_key,
         group_name)
       select $1, $2, 'company', g || n, 'x', '{}', '', g || n, g
       from (values ('holdout', $3::integer), ('usual', $4), ('policy', $5)) v (g, many), generate_series(1, many) n`,
      [place.tenant, place.connection, sizes.holdout, sizes.usual, sizes.policy],
    )

  it('raise an alarm when they are not as large as they should be, once a week', async () => {
    const place = await acting.scene({ settings: { alerts: { email: { to: ['ops@acme.example'] } } } })
    await fill(place, { holdout: 100, usual: 100, policy: 799 })
    expect(await here(place, (tx) => tellRatio(tx, new Date()))).toBe(false)
    await acting.sql(place, "delete from customers where group_name = 'holdout' and external_id ~ '[1-5]$'")
    expect(await here(place, (tx) => tellRatio(tx, new Date()))).toBe(true)
    expect(await here(place, (tx) => tellRatio(tx, new Date()))).toBe(true)
    expect((await told(place)).map(({ kind, level }) => [kind, level])).toEqual([['groups.ratio', 'urgent']])
  })

  it('are expected by the shares under which they were drawn, and counted by parent account', async () => {
    const counts = [
      { holdout: 0.1, usual: 0.1, group: 'holdout', keys: 100, decided: 0 },
      { holdout: 0.1, usual: 0.1, group: 'usual', keys: 100, decided: 0 },
      { holdout: 0.1, usual: 0.1, group: 'policy', keys: 800, decided: 0 },
      { holdout: 0.5, usual: 0, group: 'holdout', keys: 500, decided: 0 },
      { holdout: 0.5, usual: 0, group: 'policy', keys: 500, decided: 0 },
    ] as const
    expect(ratioOf(counts, 'keys')).toMatchObject({ expected: [600, 100, 1300], alarm: false })
    expect(ratioOf(counts, 'decided')).toMatchObject({ observed: [0, 0, 0], alarm: false })
    const place = await acting.scene()
    await fill(place, { holdout: 10, usual: 10, policy: 80 })
    await acting.sql(place, "update customers set group_key = 'one parent' where group_name = 'holdout'")
    const [holdout] = ratioOf(await here(place, groupCounts), 'keys').observed
    expect(holdout).toBe(1)
  })

  it('leave strategic accounts out from their first sight, by property, id or parent', () => {
    const exempt = { property: 'tier', values: ['Strategic', 'true'], ids: ['7'] }
    const shares = { holdout: 0.5, usual: 0.5, exempt }
    const group = (record: object) =>
      firstGroup('salt', 'k', { id: '1', topParentId: null, properties: {}, ...record }, shares)
    expect(group({ properties: { tier: ' strategic' } })).toBe('exempt')
    expect(group({ properties: { tier: true } })).toBe('exempt')
    expect(group({ id: '7' })).toBe('exempt')
    expect(group({ topParentId: '7' })).toBe('exempt')
    for (const properties of [{}, { tier: null }, { tier: 'small' }, { other: 'strategic' }])
      expect(group({ properties })).not.toBe('exempt')
  })

  it('say in a sentence what they can show', () => {
    const sizes = { holdout: 1000, usual: 1000, policy: 8000, exempt: 3, monthlyHazard: 0.02 }
    expect(groupPower(sizes).sentence).toMatch(
      /^With 8,000 customers acted on and 1,000 left alone, of whom 2\.0 % leave in a month: 13 weeks show an effect that prevents at least \d+ % of departures; /,
    )
    expect(groupPower(sizes, { holdout: 0.2, usual: 0 })).toMatchObject({ treated: 8000, compared: 2000 })
    expect(groupPower({ ...sizes, holdout: 0 }).sentence).toContain('There is no holdout')
    expect(groupPower({ ...sizes, monthlyHazard: null }).sentence).toContain('Nothing was scored yet')
  })
})

it('deletes nothing of another company', async () => {
  const [mine, theirs] = [await acting.scene(), await acting.scene()]
  const { id } = await hook(mine)
  await expect(here(theirs, (tx) => readWebhook(tx, id))).rejects.toMatchObject({ code: 'not_found' })
  expect(await here(theirs, listWebhooks)).toEqual([])
})
