import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashAddress, normaliseEmail, normalisePhone } from '../../src/security/address-hash.ts'

const key = Buffer.alloc(32, 1)

describe('hashes of addresses', () => {
  it('are equal for equal addresses, however they are written', () => {
    const hash = hashAddress(key, 'email', 'ann@example.com')!
    expect(hash).toHaveLength(32)
    expect(hashAddress(key, 'email', '  Ann@EXAMPLE.com. ')).toEqual(hash)
    expect(hashAddress(key, 'phone', '+43 (0)660 1234567')).toEqual(
      hashAddress(key, 'phone', '00436601234567'),
    )
  })

  it('differ by key and by kind', () => {
    expect(hashAddress(Buffer.alloc(32, 2), 'email', 'ann@example.com')).not.toEqual(
      hashAddress(key, 'email', 'ann@example.com'),
    )
  })

  it('are null for what is no address', () => {
    for (const no of [
      '',
      'ann',
      '@example.com',
      'ann@',
      'ann@localhost',
      'a b@example.com',
      'ann@exa mple.com',
    ])
      expect(hashAddress(key, 'email', no), no).toBeNull()
    for (const no of ['', '0660 1234567', '+', '+12', 'call me', '+1 555 0100 ext 3'])
      expect(hashAddress(key, 'phone', no), no).toBeNull()
  })
})

describe('a normalised address', () => {
  it('is refused when it could carry a header of its own', () => {
    for (const no of [
      'ann@example.com\r\nBcc: x@y.zz',
      'ann\n@example.com',
      'ann,bob@example.com',
      '<ann>@example.com',
    ])
      expect(normaliseEmail(no), no).toBeNull()
  })

  it('has its domain in ASCII', () => {
    expect(normaliseEmail('Jörg@Bücher.example')).toBe('jörg@xn--bcher-kva.example')
  })

  it('is its own normal form, whatever it was made of', () => {
    fc.assert(
      fc.property(fc.oneof(fc.emailAddress(), fc.string({ unit: 'binary' })), (text) => {
        const once = normaliseEmail(text)
        if (once !== null) expect(normaliseEmail(once)).toBe(once)
      }),
    )
    fc.assert(
      fc.property(fc.stringMatching(/^(\+|00)?[0-9 ()./-]{0,20}$/), (text) => {
        const once = normalisePhone(text)
        if (once !== null) expect(normalisePhone(once)).toBe(once)
      }),
    )
  })
})
