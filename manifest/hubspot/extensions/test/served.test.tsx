/** The card against the real server: what it shows is what the server writes, and what is pressed is done there. */
import { Button, LoadingButton, Select, Toggle } from '@hubspot/ui-extensions'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../../../src/store/database.ts'
import { findIntervention } from '../../../../src/store/interventions.ts'
import { currentSettings } from '../../../../src/store/settings-versions.ts'
import {
  addPerson,
  APP_KEY,
  BASE,
  connectAccount,
  recordOf,
  repOf,
  suggest,
  type Account,
} from '../../../../test/server/crm/rig.ts'
import { addContact } from '../../../../test/server/pages/company.ts'
import { openTestDatabase } from '../../../../test/support/database.ts'
import { signHubSpot } from '../../../../test/support/hubspot-signing.ts'
import { startTestServer, type TestServer } from '../../../../test/support/server.ts'
import { Customers } from '../customers.tsx'
import { RecordCardView } from '../record-card.tsx'
import { ScoreMany } from '../score-many-panel.tsx'
import { SettingsPage } from '../settings-page.tsx'
import { answerWith, stage } from './stage.tsx'

let database: Database
let server: TestServer
let account: Account
beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, [], {}, { publicUrl: BASE, appKeys: [APP_KEY] })
  account = await connectAccount(database)
})
afterAll(async () => {
  await server.close()
  await database.close()
})

let requests = 0

/** Asks the server what is asked of HubSpot, signed for whoever looks. */
function signedFor({ email, secret = APP_KEY.secret }: { readonly email: string; readonly secret?: string }) {
  return answerWith(({ method, path, body }) => {
    const { pathname, searchParams } = new URL(path, BASE)
    const { path: whole, ...init } = signHubSpot({
      secret,
      base: BASE,
      method: method as 'GET' | 'POST',
      path: pathname,
      // No two are the same request.
      query: { ...Object.fromEntries(searchParams), n: String(requests++) },
      by: { portal: account.portal, email },
      ...(body === undefined ? {} : { body }),
      now: new Date(),
    })
    return server.fetch(whole, init)
  })
}

/** Opens the card of the nth customer as HubSpot would for its responsible, or whoever looks. */
function open(n: number, { email = repOf(n), secret = APP_KEY.secret } = {}) {
  const asked = signedFor({ email, secret })
  const on = stage('crm.record.sidebar')
  const { actions } = on.at.mocks
  on.at.render(
    <RecordCardView
      place="sidebar"
      record={{ objectTypeId: '0-2', objectId: recordOf(account.first + n) }}
      tell={actions.addAlert}
      close={actions.closeOverlay}
    />,
  )
  const said = (): string | undefined => actions.addAlert.calls.at(-1)?.[0].message
  return { ...on, asked, said, seen: (words: string) => on.see(words, 10_000) }
}

const stateOf = async (id: Parameters<typeof findIntervention>[1]) =>
  (await database.withTenant(account.tenant, (tx) => findIntervention(tx, id)))?.state

describe('the card in HubSpot, asking the server', () => {
  it('shows a risk with its reasons, and a message before it is approved', async () => {
    await addContact(database, account.tenant, account.first + 1, {
      name: 'Ines Vogt',
      email: 'ines.vogt@nordlicht.example',
    })
    const { intervention } = await suggest(database, account, 1)
    const { at, seen, said } = open(1)
    const words = await seen('## Suggested:')
    expect(words).toMatch(/Risk of leaving: [\d.]+\u00a0%/)
    expect(words).toMatch(/\((Raises|Lowers) the risk:\) /)
    expect(words).toContain('Waits for a yes until')
    const confirm = at.find(Button, (node) => node.text === 'Approve…').props.overlay!
    expect(confirm.toString()).toContain('Ines')
    confirm.find(LoadingButton).trigger('onClick')
    await at.waitFor(() => expect(said()).toMatch(/^Approved\./), { timeoutInMs: 10_000 })
    expect(await stateOf(intervention)).toBe('planned')
  })

  it('puts off, and takes back with a reason', async () => {
    const snoozed = await suggest(database, account, 2)
    const first = open(2)
    await first.seen('[Snooze…]')
    first.at.find(Button, (node) => node.text === 'Snooze…').trigger('onClick')
    await first.seen('<Ask me again in:')
    first.at.find(LoadingButton, (node) => node.text?.startsWith('Snooze') ?? false).trigger('onClick')
    await first.at.waitFor(() => expect(first.said()).toMatch(/^Put off until/), { timeoutInMs: 10_000 })
    expect(await stateOf(snoozed.intervention)).toBe('snoozed')

    const wrong = await suggest(database, account, 3)
    const second = open(3)
    await second.seen('[Not right…]')
    second.at.find(Button, (node) => node.text === 'Not right…').trigger('onClick')
    await second.seen('## What is not right?')
    second.at.find(Select).trigger('onChange', 'wrong_contact' as never)
    await second.at.waitFor(() => expect(second.at.find(Select).props.value).toBe('wrong_contact'))
    second.at.find(LoadingButton, (node) => node.text === 'Take it back').trigger('onClick')
    await second.at.waitFor(() => expect(second.said()).toMatch(/^Taken back/), { timeoutInMs: 10_000 })
    expect(['rejected', 'cancelled']).toContain(await stateOf(wrong.intervention))
  })

  it('says who answers to those who may not', async () => {
    await suggest(database, account, 4)
    const { seen } = open(4, { email: 'somebody@acme.example' })
    expect(await seen('Whoever is responsible for this customer answers')).not.toContain('[Approve')
  })

  it('says what is wrong when the secret is another one', async () => {
    const { seen } = open(5, { secret: 'another' })
    await seen('HUBSPOT_CLIENT_SECRET')
  })
})

describe('the pages in HubSpot, asking the server', () => {
  it('list customers by value at risk, and all of them where one asks', async () => {
    signedFor({ email: repOf(0) })
    const { at, see } = stage('pages')
    at.render(<Customers portal={{ id: Number(account.portal) }} />)
    const mine = await see('a year is at risk in your 2 customers.', 10_000)
    expect(mine).toContain('Pays month to month, and can leave at any time.')
    at.find(Select).trigger('onChange', 'all' as never)
    await see('a year is at risk in 11 customers.', 10_000)
  })

  it('save a setting that the company then has', async () => {
    await addPerson(database, account.tenant, { email: 'ada@acme.example', role: 'admin' })
    signedFor({ email: 'ada@acme.example' })
    const { at, see } = stage('settings')
    const { actions } = at.mocks
    at.render(<SettingsPage tell={actions.addAlert} close={actions.closeOverlay} />)
    const words = await see('Holdfast looks after 11 companies of this account.', 10_000)
    for (const title of ['Levels', 'Actions', 'Limits', 'Delivery and approval', 'On the record'])
      expect(words).toContain(title)
    const sms = at.find(Toggle, ({ props }) => props.name === 'catalogue.sms.enabled')
    expect(sms.props.checked).toBe(true)
    sms.trigger('onChange', false as never)
    await see('1 change is not saved yet.')
    at.find(LoadingButton, ({ text }) => text === 'Save').trigger('onClick')
    await see('Nothing is changed.', 10_000)
    const { settings } = await database.withTenant(account.tenant, currentSettings)
    expect(settings.catalogue['sms']?.enabled).toBe(false)
  })

  it('have ticked records scored, and say of how many nothing came', async () => {
    signedFor({ email: repOf(0) })
    const { at, see } = stage('crm.bulkActions')
    const objectIds = [1, 2].map((n) => recordOf(account.first + n))
    at.render(<ScoreMany crm={{ objectTypeId: '0-2', objectIds }} />)
    at.find(LoadingButton).trigger('onClick')
    await see('2 companies are being read and scored.', 10_000)
  })
})
