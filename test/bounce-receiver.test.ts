import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { answerTo, deliver, type SandboxAnswer } from '../actions/email/sandbox/answers.ts'
import type { InboxMail } from '../actions/email/sandbox/inbox.ts'
import { openBounceReceiver, type BounceReceiver } from '../src/bounce-receiver.ts'
import { asIntervention, asTenant } from '../src/contracts/ids.ts'
import { feedbackAddresses } from '../src/loop/feedback-addresses.ts'
import { mailToken } from '../src/security/mail-token.ts'
import { currentSettings } from '../src/store/settings-versions.ts'
import { consentOf } from '../src/store/consents.ts'
import { suppressionOf } from '../src/store/suppressions.ts'
import { hashOf, openActing, type Acting } from './support/acting.ts'
import { databaseKind } from './support/database.ts'
import { LINK_KEY } from './support/keys.ts'
import { sentMail, type SentMail } from './support/sent-mail.ts'

let acting: Acting
let receiver: BounceReceiver
beforeAll(async () => {
  acting = await openActing()
  receiver = await openBounceReceiver({ port: 0, host: '127.0.0.1', services: acting.services })
})
afterAll(async () => {
  await receiver.close()
  await acting.close()
})
beforeEach(() => {
  acting.world.clear()
})

const AGREED = new Date('2026-01-01T00:00:00Z')
const RECEIVING = { feedback: { path: 'receiver', domain: 'back.acme.example' } }

/** An e-mail that arrived in the world with the addresses by which it is answered. */
async function received(settings: object = RECEIVING): Promise<SentMail & { readonly mail: InboxMail }> {
  const sent = await sentMail(acting, {
    agreedAt: AGREED,
    settings,
    responsible: { name: 'Rita Rep', email: `rita-${randomUUID().slice(0, 8)}@acme.example` },
  })
  const { place, id } = sent
  const { returnPath, replyTo, stop } = await acting.database.withTenant(place.tenant, async (tx) =>
    feedbackAddresses(LINK_KEY, {
      tenant: place.tenant,
      intervention: id,
      settings: (await currentSettings(tx)).settings,
      delivery: 'live',
    }),
  )
  const channel = await acting.services.channels.email({
    tenant: place.tenant,
    delivery: 'live',
    settings: {} as never,
  })
  const end = await channel!.send(
    {
      kind: 'email',
      to: { name: 'Ann', address: place.email },
      from: { name: 'Acme', address: 'care@acme.example' },
      replyTo: { name: 'Rita Rep', address: replyTo ?? 'rita@acme.example' },
      returnPath,
      subject: 'Grüße 🙂',
      text: 'Hello',
      html: '<p>Hello</p>',
      language: 'en',
      unsubscribe: { url: 'https://holdfast.example.com/u/x', mailto: stop },
    },
    {
      key: id,
      deadline: new Date(Date.now() + 5000),
      confirmLease: () => Promise.resolve(),
      note: () => {},
    },
  )
  expect(end.outcome).toBe('sent')
  return { ...sent, mail: acting.world.list()[0] }
}

const answer = (mail: InboxMail, said: SandboxAnswer) => deliver(receiver, answerTo(mail, said, new Date())!)

const standing = ({ place }: SentMail) =>
  acting.database.withTenant(place.tenant, async (tx) => ({
    consent: await consentOf(tx, hashOf(place.email), 'email'),
    suppressed: await suppressionOf(tx, hashOf(place.email), 'email'),
    holds: (await tx.query<{ kind: string }>('select kind from holds')).map(({ kind }) => kind),
  }))
const events = ({ place }: SentMail) =>
  acting.sql(
    place,
    'select kind, code, intervention_id as id from delivery_events order by delivery_events.id',
  )

describe(`the bounce receiver (${databaseKind})`, () => {
  it('takes a bounce to the envelope sender, suppresses an address that is not there, and takes it once', async () => {
    const one = await received()
    expect(one.mail.from).toMatch(/^bounce\+[a-z2-7]{55}@back\.acme\.example$/)
    for (const _ of [1, 2]) await answer(one.mail, { kind: 'bounce' })
    expect(await events(one)).toEqual([{ kind: 'bounced', code: '5.1.1', id: one.id }])
    expect(await standing(one)).toEqual({ consent: 'granted', suppressed: 'bounced', holds: [] })
  })

  it('takes a bounce of a message that was accepted before, and lets a full mailbox be written to again', async () => {
    const one = await received()
    await answer(one.mail, { kind: 'bounce', action: 'delivered', status: '2.0.0' })
    expect((await acting.read(one.place, one.id)).state).toBe('confirmed')
    await answer(one.mail, { kind: 'bounce', status: '5.2.2' })
    expect((await standing(one)).suppressed).toBeNull()
    expect((await events(one)).map(({ kind }) => kind)).toEqual(['delivered', 'bounced'])
  })

  it('takes a complaint that came to the address for all of them, by what it encloses', async () => {
    const one = await received()
    await answer(one.mail, { kind: 'complaint' })
    expect(await standing(one)).toEqual({
      consent: 'refused',
      suppressed: 'complained',
      holds: ['complained'],
    })
  })

  it('stops automation at an answer and passes it on, to be answered directly', async () => {
    const one = await received()
    const next = await acting.plan(one.place)
    await answer(one.mail, { kind: 'reply', text: 'Bitte rufen Sie mich an. 🙂' })
    expect((await standing(one)).holds).toEqual(['replied'])
    expect((await acting.read(one.place, next)).state).toBe('cancelled')
    const [passed] = acting.world.list()
    expect(passed.to).toMatch(/^rita-/)
    expect(passed.replyTo).toBe(one.place.email)
    expect(passed.subject).toBe('Re: Grüße 🙂')
    expect(passed.text).toContain('Bitte rufen Sie mich an. 🙂')
    expect(passed.text).toContain('about Ada Ltd')
    expect(passed.headers).toContainEqual({ name: 'auto-submitted', value: 'auto-generated' })
    expect(passed.raw.toString()).toContain('Content-Type: message/rfc822')
  })

  it('has an answer sent again as long as it cannot be passed on, and holds the customer meanwhile', async () => {
    const one = await received()
    acting.world.inject({ times: 1, fault: { kind: 'reply', at: 'rcpt', code: 451, text: '4.3.0 later' } })
    const said = answerTo(one.mail, { kind: 'reply', text: 'Hello?' }, new Date())!
    await expect(deliver(receiver, said)).rejects.toMatchObject({ responseCode: 451 })
    expect((await standing(one)).holds).toEqual(['replied'])
    await deliver(receiver, said)
    expect(acting.world.list()[0].text).toContain('Hello?')
    expect(await events(one)).toHaveLength(1)
    acting.world.inject({ times: 1, fault: { kind: 'reply', at: 'rcpt', code: 550, text: '5.1.1 nobody' } })
    await expect(deliver(receiver, said)).rejects.toMatchObject({ responseCode: 554 })
  })

  it('is not impressed by somebody who is out of office', async () => {
    const one = await received()
    await answer(one.mail, { kind: 'out_of_office' })
    expect(await events(one)).toEqual([])
    expect((await standing(one)).holds).toEqual([])
    expect(acting.world.list()).toHaveLength(1)
  })

  it('unsubscribes by a mail, for programs that know nothing else', async () => {
    const one = await received()
    await answer(one.mail, { kind: 'stop' })
    expect(await standing(one)).toEqual({ consent: 'refused', suppressed: 'unsubscribed', holds: [] })
  })

  it('leaves answers with the person responsible where the settings say so', async () => {
    const one = await received({ feedback: { ...RECEIVING.feedback, replies: false } })
    expect(one.mail.replyTo).toBe('rita@acme.example')
    expect(one.mail.from).toMatch(/^bounce\+/)
  })

  it('takes nothing for addresses that nobody here made, and relays nothing', async () => {
    const one = await received()
    const forged = [
      'somebody@back.acme.example',
      'bounce+x@back.acme.example',
      one.mail.from.replace(/^bounce/, 'reply'),
      one.mail.from.replace(/(.)(?=@)/, (last) => (last === 'a' ? 'b' : 'a')),
      `${mailToken(LINK_KEY, 'bounce', { tenant: asTenant(randomUUID()), intervention: one.id })}@back.acme.example`,
      'ann@example.com',
    ]
    for (const to of forged)
      await expect(deliver(receiver, { from: '', to, raw: Buffer.from('x') }), to).rejects.toMatchObject({
        responseCode: 550,
      })
    const about = answerTo(one.mail, { kind: 'complaint' }, new Date())!
    const nothing = Buffer.from(about.raw.toString().replaceAll(/(bounce|stop|reply)\+\w+/g, 'x'))
    await expect(deliver(receiver, { ...about, raw: nothing })).rejects.toMatchObject({ responseCode: 550 })
    expect(await events(one)).toEqual([])
  })

  it('records what is of a message that is gone, and changes nothing else', async () => {
    const one = await received()
    const gone = mailToken(LINK_KEY, 'bounce', {
      tenant: one.place.tenant,
      intervention: asIntervention(randomUUID()),
    })
    const bounce = answerTo(one.mail, { kind: 'bounce' }, new Date())!
    await expect(deliver(receiver, { ...bounce, to: `${gone}@back.acme.example` })).rejects.toMatchObject({
      responseCode: 550,
    })
    expect(await events(one)).toEqual([{ kind: 'bounced', code: '5.1.1', id: null }])
    expect((await standing(one)).suppressed).toBeNull()
  })

  it('asks for the mail again where the database is away', async () => {
    const one = await received()
    const lines: string[] = []
    const broken = await openBounceReceiver({
      port: 0,
      host: '127.0.0.1',
      services: {
        ...acting.services,
        log: pino({ level: 'error' }, { write: (line: string) => void lines.push(line) }),
        database: {
          ...acting.services.database,
          asSystem: () => Promise.reject(new Error('away')),
        },
      },
    })
    const bounce = answerTo(one.mail, { kind: 'bounce' }, new Date())!
    await expect(deliver(broken, bounce)).rejects.toMatchObject({ responseCode: 451 })
    expect(lines.join('')).toContain('could not be taken')
    await broken.close()
  })
})
