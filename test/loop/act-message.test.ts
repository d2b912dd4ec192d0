import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { releaseDeferred } from '../../src/store/intervention-sweeps.ts'
import { SANDBOX, openActing, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { movesOf } from '../support/ledger.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

const FOOT = '\n{{ sender.postal_address }}\n{{ unsubscribe_url }}'
/** Settings with this template, past the check that saving makes: as a version of before a change of what it names. */
async function useTemplate(place: Place, text: string): Promise<void> {
  const templates = { en: { email: { subject: 'Hello', text, html: '<p>Hello</p>' } } }
  await acting.sql(
    place,
    `insert into settings_versions (tenant_id, version, settings, author)
     select tenant_id, version + 1, settings || jsonb_build_object('templates', $1::jsonb), 'a test'
     from settings_versions order by version desc limit 1`,
    [JSON.stringify(templates)],
  )
}

describe(`an e-mail by a template of the company's own (${databaseKind})`, () => {
  it('is written by it', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    await useTemplate(place, `Dear {{ customer.name }}${FOOT}`)
    const id = await acting.plan(place)
    expect(await acting.act(place, id)).toBe('sent')
    const [mail] = acting.sandbox.list().filter(({ to }) => to === place.email)
    expect(mail.text).toContain('Dear Ada Ltd')
  })

  it.each([
    [
      'names what does not exist',
      'Hello\n\n{{ customer.nmae }}',
      /its text in line 3 names "customer\.nmae".*customer\.name/,
    ],
    ['is not closed', 'Hello\n{% if customer.name %}', /its text in line 2.*not closed/],
    [
      'speaks of an offer that is not made',
      'Hello\n{{ offer.percent }} %',
      /its text in line 2 speaks of an offer/,
    ],
  ])(
    'waits when the template %s, naming the line, and goes out once it is repaired',
    async (_, text, says) => {
      const place = await acting.scene({ settings: SANDBOX })
      const id = await acting.plan(place)
      await useTemplate(place, text)
      expect(await acting.act(place, id)).toBe('deferred')
      expect(await acting.read(place, id)).toMatchObject({
        reasonCode: 'template_invalid',
        reason: expect.stringMatching(says),
        attempts: 0,
      })
      // Looked at again and again meanwhile: one line in its history.
      await acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
      expect(await acting.act(place, id)).toBe('deferred')
      expect(await movesOf(acting.database, place.tenant, id)).toHaveLength(2)
      expect(acting.sandbox.deliveries().filter(({ to }) => to === place.email)).toEqual([])

      await acting.database.withTenant(place.tenant, (tx) => releaseDeferred(tx, ['template_invalid']))
      await useTemplate(place, `Hello${FOOT}`)
      expect(await acting.act(place, id)).toBe('sent')
    },
  )
})

describe('the language of an e-mail', () => {
  async function sentIn(language: string | null, settings: object) {
    const place = await acting.scene({
      settings: { ...SANDBOX, ...settings },
      recipients: [{ email: `x${Math.random().toString(36).slice(2)}@example.com`, language }],
    })
    const id = await acting.plan(place)
    const state = await acting.act(place, id)
    const { message, reason } = await acting.read(place, id)
    return { state, reason, language: (message as { language?: string } | null)?.language ?? null }
  }

  it.each([
    ['her own', 'de', { sender: { language: 'en' } }, 'de'],
    ['her own without the region', 'de-AT', { sender: { language: 'en' } }, 'de'],
    [
      'the fallback of the settings where hers has no template',
      'fr',
      { guard: { languageFallback: 'de' } },
      'de',
    ],
    ["the company's where hers is unknown", null, { sender: { language: 'de' } }, 'de'],
  ])('is %s', async (_, language, settings, written) => {
    expect(await sentIn(language, settings)).toMatchObject({ state: 'sent', language: written })
  })

  it('is never guessed: where none fits nothing is sent, and it says so', async () => {
    const found = await sentIn('fr', { sender: { language: 'en' } })
    expect(found).toMatchObject({
      state: 'suppressed',
      reason: expect.stringMatching(/no message of "Send Email" in fr.*guard\.languageFallback/),
      language: null,
    })
  })
})
