/**
 * What every channel has to hold, whatever its provider: run against a provider double over the real protocol.
 *
 * @example
 * channelConformance('e-mail by SMTP', openAgainstTheInbox)
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Attempt, Channel, Message } from '../../actions/channel.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'

export type Misbehaviour =
  /** Refuses this message for good, without having taken it. */
  | 'refuses'
  /** Asks to come again later. */
  | 'later'
  /** The connection breaks before the message was taken. */
  | 'drops_before'
  /** The message arrives, and the connection breaks before the answer. */
  | 'drops_after'
  /** Never says anything. */
  | 'silent_before'
  /** Takes the message and never answers. */
  | 'silent_after'

export interface ChannelUnderTest {
  readonly channel: Channel
  /** To a recipient of its own for each number. */
  message(number: number): Message
  /** Provider's ids of all that arrived, whether or not the sender was told. */
  received(): readonly string[]
  /** For the next message only. */
  misbehave(how: Misbehaviour): void
  close(): Promise<void>
}

export function channelConformance(name: string, open: () => Promise<ChannelUnderTest>): void {
  describe(`${name}: a channel`, () => {
    let under: ChannelUnderTest
    beforeEach(async () => {
      under = await open()
    })
    afterEach(() => under.close())

    function attempt(key: string, differs: Partial<Attempt> = {}): Attempt {
      return {
        key,
        deadline: new Date(Date.now() + 10_000),
        confirmLease: () => Promise.resolve(),
        note: () => {},
        ...differs,
      }
    }

    it('sends a message once and names what the provider calls it', async () => {
      const result = await under.channel.send(under.message(1), attempt('one'))
      expect(result).toMatchObject({ outcome: 'sent' })
      expect(under.received()).toEqual([result.outcome === 'sent' ? result.providerId : ''])
    })

    it('keeps messages that go at the same time apart', async () => {
      const results = await Promise.all(
        [1, 2, 3, 4, 5].map((number) => under.channel.send(under.message(number), attempt(`key ${number}`))),
      )
      const ids = results.map((result) => (result.outcome === 'sent' ? result.providerId : result.outcome))
      expect(under.received().toSorted()).toEqual(ids.toSorted())
      expect(new Set(ids).size).toBe(5)
    })

    it('confirms the lease before the provider is spoken to, and at the last for handing the message over', async () => {
      const order: string[] = []
      await under.channel.send(
        under.message(1),
        attempt('order', {
          confirmLease: (before = 'handing_over') => {
            order.push(before)
            // What arrived before somebody could say no.
            order.push(...under.received())
            return Promise.resolve()
          },
          note: (phase) => order.push(phase),
        }),
      )
      const confirmed = order.filter((one) => one === 'connecting' || one === 'handing_over')
      expect(order[0]).toBe(confirmed[0])
      expect(order.length).toBeGreaterThan(confirmed.length)
      expect(confirmed.at(-1)).toBe('handing_over')
      expect(under.received().filter((id) => order.includes(id))).toEqual([])
    })

    it('sends nothing when the lease is lost right before the message is handed over', async () => {
      const lost = new HoldfastError('lease_lost', 'Another worker took over.')
      const sending = under.channel.send(
        under.message(1),
        attempt('late', {
          confirmLease: (before = 'handing_over') =>
            before === 'handing_over' ? Promise.reject(lost) : Promise.resolve(),
        }),
      )
      await expect(sending).rejects.toBe(lost)
      expect(under.received()).toEqual([])
    })

    it('sends nothing when the lease is lost, and says so', async () => {
      const lost = new HoldfastError('lease_lost', 'Another worker took over.')
      const sending = under.channel.send(
        under.message(1),
        attempt('lost', { confirmLease: () => Promise.reject(lost) }),
      )
      await expect(sending).rejects.toBe(lost)
      expect(under.received()).toEqual([])
    })

    it('sends nothing once the deadline has passed', async () => {
      const late = await under.channel.send(
        under.message(1),
        attempt('late', { deadline: new Date(Date.now() - 1) }),
      )
      expect(late).toMatchObject({ outcome: 'rejected', retryable: true })
      expect(under.received()).toEqual([])
    })

    it('calls a refusal final, with a code and a sentence', async () => {
      under.misbehave('refuses')
      const result = await under.channel.send(under.message(1), attempt('refused'))
      expect(result).toMatchObject({
        outcome: 'rejected',
        retryable: false,
        code: expect.stringMatching(/^[a-z_]+$/),
        message: expect.stringMatching(/\.$/),
      })
      expect(under.received()).toEqual([])
    })

    it.each(['later', 'drops_before'] as const)(
      'lets the message go again when the provider %s',
      async (how) => {
        under.misbehave(how)
        const first = await under.channel.send(under.message(1), attempt('again'))
        expect(first).toMatchObject({ outcome: 'rejected', retryable: true })
        expect(under.received()).toEqual([])
        expect(await under.channel.send(under.message(1), attempt('again'))).toMatchObject({
          outcome: 'sent',
        })
        expect(under.received()).toHaveLength(1)
      },
    )

    it('admits that it does not know when the connection breaks before the answer', async () => {
      under.misbehave('drops_after')
      const result = await under.channel.send(under.message(1), attempt('doubt'))
      expect(result).toMatchObject({ outcome: 'uncertain', message: expect.stringMatching(/\.$/) })
      expect(under.received()).toHaveLength(1)
    })

    it.each([
      ['silent_before', { outcome: 'rejected', retryable: true }],
      ['silent_after', { outcome: 'uncertain' }],
    ] as const)('gives up by the deadline when the provider is %s', async (how, expected) => {
      under.misbehave(how)
      const started = performance.now()
      const result = await under.channel.send(
        under.message(1),
        attempt('silent', { deadline: new Date(Date.now() + 600) }),
      )
      expect(result).toMatchObject(expected)
      expect(performance.now() - started).toBeLessThan(2000)
    })

    it('waits for what is on its way when it is closed, and takes nothing more', async () => {
      const sending = under.channel.send(under.message(1), attempt('closing'))
      await under.channel.close()
      expect(under.received()).toHaveLength(1)
      expect(await sending).toMatchObject({ outcome: 'sent' })
      await expect(under.channel.send(under.message(2), attempt('closed'))).rejects.toThrow(/closed/)
    })

    it('verifies itself in sentences', async () => {
      const checks = await under.channel.verify()
      expect(checks.length).toBeGreaterThan(0)
      for (const check of checks) expect(check.message).toMatch(/\.$/)
      expect(checks.filter(({ status }) => status === 'failed')).toEqual([])
    })

    it('answers what became of an attempt, or null', async () => {
      const answer = await under.channel.reconcile({
        key: 'unknown',
        to: 'nobody@example.com',
        startedAt: new Date(),
      })
      expect(answer === null || typeof answer.outcome === 'string').toBe(true)
    })
  })
}
