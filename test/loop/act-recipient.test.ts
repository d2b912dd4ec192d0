import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { chooseByNumber, chooseRecipient } from '../../src/loop/act-recipient.ts'
import type { Contact } from '../../src/loop/act-facts.ts'
import { ADDRESS_KEY } from '../support/keys.ts'

const contact = (at: number): Contact =>
  ({
    externalId: randomUUID(),
    name: 'Ann',
    email: `ann-${at}@example.com`,
    emailHash: Buffer.alloc(32, at),
    phone: `+49171200000${at}`,
    phoneHash: null,
    country: 'DE',
  }) as unknown as Contact

const refusal = () => ({ code: 'no_consent' as const, because: 'Ann has not agreed to e-mails' })
const refused = (many: number) =>
  chooseRecipient(
    Array.from({ length: many }, (_, at) => contact(at)),
    { refusal, live: true },
  ).none?.reason

describe('why nobody may be written to', () => {
  it('says how it is with the others, one or several', () => {
    expect(refused(1)).toBe('Not sent: Ann has not agreed to e-mails.')
    expect(refused(2)).toBe(
      'Not sent: Ann has not agreed to e-mails; the other one may not be written to either.',
    )
    expect(refused(3)).toBe(
      'Not sent: Ann has not agreed to e-mails; neither may any of the 2 others be written to.',
    )
    const contacts = [contact(1), contact(2)]
    expect(chooseByNumber(contacts, { refusal, live: true, key: ADDRESS_KEY }).none?.reason).toContain(
      '; the other one may not',
    )
  })
})
