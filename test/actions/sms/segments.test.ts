import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainMarks, segmentsOf } from '../../../actions/sms/segments.ts'

/**
 * Counted the other way round: the text is laid into parts unit by unit, as a phone would do it, with the units of each
 * character written out.
 */
function laidOut(text: string): { encoding: string; segments: number } {
  // 3GPP TS 23.038 as code points: the ASCII that is the same there, and the rest in one line.
  const others = '@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà'
  const same = /^[\n\r !"#%&'()*+,\-./0-9:;<=>?A-Za-z]$/
  const twice = '\f^{}\\[~]|€'
  const gsm = [...text].every((one) => same.test(one) || others.includes(one) || twice.includes(one))
  const blocks = [...text].map((one) => (gsm ? (twice.includes(one) ? ['esc', one] : [one]) : one.split('')))
  const units = blocks.flat().length
  const encoding = gsm ? 'GSM-7' : 'UCS-2'
  if (units === 0) return { encoding, segments: 0 }
  if (units <= (gsm ? 160 : 70)) return { encoding, segments: 1 }
  const parts: string[][] = [[]]
  for (const block of blocks) {
    if (parts.at(-1)!.length + block.length > (gsm ? 153 : 67)) parts.push([])
    parts.at(-1)!.push(...block)
  }
  return { encoding, segments: parts.length }
}

describe('parts of a text', () => {
  it.each([
    ['', 'GSM-7', 0, 0],
    ['a'.repeat(160), 'GSM-7', 1, 160],
    ['a'.repeat(161), 'GSM-7', 2, 161],
    ['a'.repeat(306), 'GSM-7', 2, 306],
    ['a'.repeat(307), 'GSM-7', 3, 307],
    ['€'.repeat(80), 'GSM-7', 1, 160],
    // 153 is odd: the pair of the 77th goes into the next part.
    [`${'€'.repeat(76)}a€${'a'.repeat(151)}`, 'GSM-7', 2, 306],
    [`${'€'.repeat(152)}`, 'GSM-7', 2, 304],
    [`${'€'.repeat(153)}`, 'GSM-7', 3, 306],
    ['ж'.repeat(70), 'UCS-2', 1, 70],
    ['ж'.repeat(71), 'UCS-2', 2, 71],
    ['😀'.repeat(35), 'UCS-2', 1, 70],
    ['😀'.repeat(36), 'UCS-2', 2, 72],
    // 67 is odd as well: 33 emoji a part.
    ['😀'.repeat(67), 'UCS-2', 3, 134],
    [`${'a'.repeat(69)}ç`, 'UCS-2', 1, 70],
    [`${'a'.repeat(69)}Ç`, 'GSM-7', 1, 70],
  ])('are counted as the standard has it, example %#', (text, encoding, segments, units) => {
    expect(segmentsOf(text)).toEqual({ encoding, segments, units })
  })

  it('are as many as laying the text out gives', () => {
    const unit = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...'abc XYZ 019 äöü€{}^|~[]\\\n') },
      { weight: 1, arbitrary: fc.constantFrom('ж', '😀', 'ç', '漢', '👩‍👧') },
    )
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 400 }), fc.boolean(), (units, plain) => {
        const text = units.filter((one) => !plain || /[ -ÿ€]/.test(one)).join('')
        expect(segmentsOf(text)).toMatchObject(laidOut(text))
      }),
      { numRuns: 300 },
    )
  })

  it('never become more when marks are made plain', () => {
    expect(plainMarks('It’s 10\u00a0% off – “really”…')).toBe('It\'s 10 % off - "really"...')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        expect(segmentsOf(plainMarks(text.replaceAll('…', ''))).segments).toBeLessThanOrEqual(
          segmentsOf(text).segments,
        )
      }),
      { numRuns: 200 },
    )
  })
})
