import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asTenant } from '../../src/contracts/ids.ts'
import { maskEmail, maskName, maskPhone, seesPeople } from '../../src/security/masking.ts'
import type { Caller } from '../../src/security/access.ts'

const tenant = asTenant('00000000-0000-4000-8000-000000000001')
const person = (role: 'viewer' | 'operator' | 'admin'): Caller => ({
  kind: 'session',
  tenant,
  subject: 'somebody',
  person: null,
  session: '00000000-0000-4000-8000-000000000002',
  means: 'link',
  role,
  installation: false,
  actor: 'user:somebody',
})

describe('what viewers are shown of people', () => {
  it('is masked for viewers, and whole for operators, admins and keys', () => {
    expect(seesPeople(person('viewer'))).toBe(false)
    expect(seesPeople(person('operator'))).toBe(true)
    expect(seesPeople(person('admin'))).toBe(true)
    expect(
      seesPeople({
        kind: 'key',
        account: null,
        tenant,
        id: 'k',
        name: 'Warehouse',
        scopes: ['read'],
        actor: 'key:Warehouse',
      }),
    ).toBe(true)
  })

  it('keeps first letters of names, the domain of an address, the last digits of a number', () => {
    expect(maskName('Ines  Vogt')).toBe('I••• V•••')
    expect(maskName('')).toBe('')
    expect(maskEmail('ines.vogt@nordlicht.example')).toBe('i•••@nordlicht.example')
    expect(maskEmail('no address')).toBe('•••')
    expect(maskPhone('+49 170 1234567')).toBe('•••67')
    expect(maskPhone('110')).toBe('•••')
  })

  it('tells nothing of how long a word is, and no more than its first letter', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, unit: 'grapheme' })), (parts) => {
        for (const word of maskName(parts.join(' ')).split(' ').filter(Boolean))
          expect([...word].length).toBe(4)
      }),
    )
  })
})
