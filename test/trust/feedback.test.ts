/** Feedback at random: whatever is told, in whatever order and by how many at once, comes to the same end. */
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { receiveFeedback, type FeedbackEvent } from '../../src/loop/feedback.ts'
import { consentOf } from '../../src/store/consents.ts'
import { readIntervention } from '../../src/store/interventions.ts'
import { suppressionOf } from '../../src/store/suppressions.ts'
import { hashOf, openActing, type Acting } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { sentMail, type SentMail } from '../support/sent-mail.ts'

const KINDS = [
  'delivered',
  'delayed',
  'bounced',
  'failed',
  'complained',
  'opened',
  'clicked',
  'replied',
  'unsubscribed',
  'resubscribed',
  'help',
] as const

interface Said {
  readonly kind: (typeof KINDS)[number]
  /** Minutes; at 0 the person agreed. */
  readonly at: number
  readonly permanent: boolean
}

const START = Date.parse('2026-03-01T10:00:00Z')
const minute = (n: number): Date => new Date(START + n * 60_000)
const nameOf = ({ kind, at, permanent }: Said): string => `${kind} ${at} ${permanent}`

const saying = (kinds: readonly Said['kind'][]): fc.Arbitrary<Said[]> =>
  fc.uniqueArray(
    fc.record({
      kind: fc.constantFrom(...kinds),
      at: fc.integer({ min: 1, max: 3 }),
      permanent: fc.boolean(),
    }),
    { minLength: 1, maxLength: 7, selector: nameOf },
  )

/** Half of them of nothing but no and yes, of which the order in time decides. */
const said = fc.oneof(saying(KINDS), saying(['unsubscribed', 'resubscribed']))

/** What has to come of it, said without a database: the rules as docs/email.md has them. */
function expected(some: readonly Said[], state: 'sent' | 'uncertain') {
  const last = (kind: Said['kind']): number =>
    Math.max(0, ...some.filter((one) => one.kind === kind).map(({ at }) => at))
  const has = (...kinds: Said['kind'][]): boolean => some.some(({ kind }) => kinds.includes(kind))
  const no = Math.max(last('complained'), last('unsubscribed'))
  const gone = some.some(({ kind, permanent }) => (kind === 'bounced' || kind === 'failed') && permanent)
  const stopped = has('unsubscribed') && last('unsubscribed') >= last('resubscribed')
  const reached = has('delivered', 'opened', 'clicked', 'complained', 'replied', 'unsubscribed')
  const left = has('delayed', 'bounced', 'failed')
  return {
    consent: no > 0 && no >= last('resubscribed') ? 'refused' : 'granted',
    suppressed: has('complained') ? 'complained' : gone ? 'bounced' : stopped ? 'unsubscribed' : null,
    state: reached ? 'confirmed' : left ? 'sent' : state,
    holds: [...(has('complained') ? ['complained'] : []), ...(has('replied') ? ['replied'] : [])],
    told: new Set(some.map(nameOf)).size,
  }
}

describe(`feedback at random (${databaseKind})`, () => {
  let acting: Acting
  let sent: SentMail
  beforeAll(async () => {
    acting = await openActing()
    sent = await sentMail(acting, { agreedAt: minute(0) })
  })
  afterAll(() => acting.close())

  async function reset(state: 'sent' | 'uncertain'): Promise<void> {
    const { place, id } = sent
    await acting.sql(place, 'update interventions set state = $2, sent_at = null where id = $1', [id, state])
    await acting.database.asSystem('a test begins anew', async (tx) => {
      for (const table of ['delivery_events', 'suppressions', 'holds', 'consent_outbox'])
        await tx.query(`delete from ${table} where tenant_id = $1`, [place.tenant])
      await tx.query(`delete from consents where tenant_id = $1 and source <> 'crm'`, [place.tenant])
    })
  }

  it('ends as the rules say, told twice over, in any order, by two at once', async () => {
    const { place, id } = sent
    let ends = 0
    await fc.assert(
      fc.asyncProperty(
        said,
        fc.constantFrom('sent' as const, 'uncertain' as const),
        fc.infiniteStream(fc.nat()),
        async (some, state, order) => {
          await reset(state)
          const event = (one: Said): FeedbackEvent => ({
            channel: 'email',
            kind: one.kind,
            at: minute(one.at),
            permanent: one.permanent,
            dedupKey: nameOf(one),
            intervention: id,
            hash: null,
            code: null,
            detail: null,
          })
          const shuffled = [...some, ...some]
            .map((one) => ({ one: event(one), at: order.next().value as number }))
            .toSorted((a, b) => a.at - b.at)
            .map(({ one }) => one)
          const half = Math.ceil(shuffled.length / 2)
          await Promise.all(
            [shuffled.slice(0, half), shuffled.slice(half)].map((part) =>
              receiveFeedback(acting.services, place.tenant, part),
            ),
          )
          const hash = hashOf(place.email)
          const end = await acting.database.withTenant(place.tenant, async (tx) => ({
            consent: await consentOf(tx, hash, 'email'),
            suppressed: await suppressionOf(tx, hash, 'email'),
            state: (await readIntervention(tx, id)).state,
            holds: (await tx.query<{ kind: string }>('select kind from holds order by kind')).map(
              ({ kind }) => kind,
            ),
            told: (await tx.query('select from delivery_events')).length,
          }))
          expect(end).toEqual(expected(some, state))
          ends++
        },
      ),
      { numRuns: 60 },
    )
    expect(ends).toBeGreaterThanOrEqual(60)
  })
})
