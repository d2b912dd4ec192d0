import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withoutMany } from '../../../src/store/people/many-words.ts'

describe('many names taken out of texts', () => {
  const without = withoutMany([
    'Ann Lee',
    'ann',
    'ann.lee@example.com',
    '+49 170 1234',
    'Acme Inc.',
    'ß & Söhne',
    'x',
  ])

  it.each([
    ['Ann Lee answered, Joann did not.', 'Somebody answered, Joann did not.'],
    ['ANN  LEE and Ann', 'Somebody and Somebody'],
    ['Write to ann.lee@example.com or call +49 170 1234.', 'Write to Somebody or call Somebody.'],
    ['Acme Inc. of ß & Söhne', 'Somebody. of Somebody'],
    ['A single x is no name, and Annex is another word', 'A single x is no name, and Annex is another word'],
    ['', ''],
  ])('%s', (text, said) => {
    expect(without(text)).toBe(said)
  })

  it('reaches texts within JSON, and leaves its keys and everything else', () => {
    const value = { ann: ['Ann Lee', 7, null, { note: 'ask Ann' }], at: true }
    expect(without(value)).toEqual({ ann: ['Somebody', 7, null, { note: 'ask Somebody' }], at: true })
  })

  it('finds every name that stands by itself, whatever it is made of', () => {
    const name = fc.stringMatching(/^[\p{L}][\p{L}\p{N} .'&"\\/-]{1,30}[\p{L}]$/u)
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 20 }), (names) => {
        const forget = withoutMany(names)
        for (const one of names) {
          expect(forget(one)).toBe('Somebody')
          expect(forget(`- ${one} -`)).toBe('- Somebody -')
        }
      }),
    )
  })
})
