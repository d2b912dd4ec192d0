import { describe, expect, it } from 'vitest'
import { asConnection } from '../../../src/contracts/ids.ts'
import { formatsFor } from '../../../src/server/words/formats.ts'
import { noticesOf } from '../../../src/server/words/notices.ts'
import { parseServiceSettings } from '../../../src/settings/service.ts'
import type { ConnectionView } from '../../../src/store/reads/connections.ts'
import type { CrmView, Refusal } from '../../../src/store/reads/crm-connections.ts'

const now = new Date('2026-11-21T12:00:00Z')
const id = asConnection('5e0d8f3a-1f0c-4a51-9a49-0b2b4c1f5d10')
const place = {
  pause: null,
  tenant: { activatedAt: now } as never,
  outbox: {} as never,
  settings: parseServiceSettings({}),
  now,
  formats: formatsFor({ now, zone: 'UTC' }),
}
const connection: ConnectionView = {
  id,
  kind: 'hubspot',
  name: 'HubSpot 4711',
  sandbox: false,
  status: 'active',
  statusReason: null,
  populationStated: true,
  createdAt: now,
  erasure: null,
  steps: [],
  failedWrites: 16,
}
const refusal: Refusal = {
  what: 'record',
  code: 'required_property_missing',
  message: 'HubSpot refused to write the company: a rule of the account requires "region" there.',
  count: 14,
  customer: { id: 7, name: 'Acme' },
  again: false,
}

function titlesOf(refusals: readonly Refusal[], more: Partial<CrmView> = {}): readonly string[] {
  const crm: CrmView = {
    connection: id,
    externalId: '4711',
    object: 'companies',
    builtIn: false,
    notes: [],
    refusals,
    tasks: 0,
    logged: 0,
    lastHintAt: null,
    eventsAt: null,
    eventsProblem: null,
    ...more,
  }
  return noticesOf(place, [connection], 1000, [crm]).map(({ title, text }) => `${title} | ${text}`)
}

describe('what a CRM refused, on the page of the loop', () => {
  it('says why changes are found late', () => {
    expect(titlesOf([], { eventsProblem: 'The org has no change events for Account.' })).toContain(
      'Changes in HubSpot 4711 are found late | The org has no change events for Account. Until then they are found within five minutes, by looking.',
    )
  })

  it('is told by reason, with how many of how many and what becomes of the scores', () => {
    expect(titlesOf([refusal])).toEqual([
      'HubSpot refused 14 of 1,000 records | HubSpot refused to write the company: a rule of the account requires "region" there. Scores are safe here and will be written once that is mended.',
      '2 further records of HubSpot 4711 could not be written | Scores are safe here; what can be tried again is tried again by itself.',
    ])
  })

  it('says what nobody is asked about there, and where to answer', () => {
    const said = titlesOf([{ ...refusal, what: 'approval', count: 2, message: 'The owner is inactive.' }])
    expect(said).toContain(
      'HubSpot has no task for 2 approvals | The owner is inactive. What waits does so until somebody answers it here.',
    )
  })

  it('puts an unsubscription that HubSpot does not know first', () => {
    const [first] = titlesOf([refusal, { ...refusal, what: 'consent', count: 1, customer: null }])
    expect(first).toMatch(/^HubSpot does not know of 1 unsubscription \| .*Unsubscribe them there\.$/)
  })

  it('names what of the mapping cannot be read', () => {
    const since = '2026-11-20T00:00:00Z'
    const note = { code: 'property_missing', subject: 'mrr', message: 'It is gone in HubSpot', since }
    expect(titlesOf([], { notes: [note] })).toContain('HubSpot 4711: look at mrr | It is gone in HubSpot.')
  })
})
