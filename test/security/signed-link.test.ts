import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimOfLink, signLink, verifyLink } from '../../src/security/signed-link.ts'

const key = Buffer.alloc(32, 1)

describe('a signed link', () => {
  it('gives back what was signed', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }), (payload) => {
        const token = signLink(key, payload)
        expect(token).toMatch(/^[A-Za-z0-9_.-]+$/)
        expect(verifyLink(key, token)).toBe(payload)
        expect(claimOfLink(token)).toBe(payload)
      }),
    )
  })

  it('is void after any change of one character', () => {
    const token = signLink(key, 'tenant intervention')
    for (let at = 0; at < token.length; at++)
      for (const other of ['A', 'B', '-', '.'].filter((character) => character !== token[at]))
        expect(verifyLink(key, token.slice(0, at) + other + token.slice(at + 1)), `${at} ${other}`).toBeNull()
  })

  it('is void under another key, cut, lengthened or of another form', () => {
    const token = signLink(key, 'tenant intervention')
    expect(verifyLink(Buffer.alloc(32, 2), token)).toBeNull()
    for (const no of [
      '',
      '.',
      token.slice(1),
      token.slice(0, -1),
      `${token}A`,
      `${token}=`,
      'x'.repeat(5000),
    ])
      expect(verifyLink(key, no), no).toBeNull()
  })
})
