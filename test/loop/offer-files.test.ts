import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { codeProblem, readCodes, readRedemptions, readRows } from '../../src/loop/offer-files.ts'
import { disclosureFor, termsFor } from '../../src/loop/offer-terms.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'

const code = fc.stringMatching(/^[A-Z0-9]{3,12}$/).filter((one) => codeProblem(one) === null)
/** Cells as people have them, signs of CSV among them; blanks at the ends are not kept. */
const cell = fc
  .string({ unit: fc.constantFrom('a', 'Ä', '"', ',', ';', '\t', '\n', ' ', '😀') })
  .map((text) => text.trim())
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`

describe('a file of codes', () => {
  it('gives back what was written, however it was written', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(code, { minLength: 1, maxLength: 20, selector: (one) => one.toUpperCase() }),
        fc.constantFrom(',', ';', '\t'),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (codes, separator, end, mark) => {
          const lines = [['code', 'valid_until'], ...codes.map((one) => [quoted(one), '2026-12-31'])]
          const text = (mark ? '\uFEFF' : '') + lines.map((line) => line.join(separator)).join(end)
          expect(readCodes(text)).toEqual(codes.map((one) => ({ code: one, validUntil: '2026-12-31' })))
        },
      ),
    )
  })

  it('is read into the same cells that it was made of, quotes and line ends among them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
        (rows) => {
          // The first line says by what cells are parted.
          const all = [['a', 'b'], ...rows]
          const read = readRows(all.map((row) => row.map(quoted).join(',')).join('\r\n')).map(
            ({ cells }) => cells,
          )
          expect(read).toEqual(all.filter((row) => row.some((one) => one !== '')))
        },
      ),
    )
  })

  it('is read, or refused with a sentence: nothing else comes of whatever it holds', () => {
    const text = fc.string({
      unit: fc.constantFrom('"', ',', ';', '\n', '\r', 'code', 'A-1', ' ', '=', '2026-11-20', '\0', 'ü'),
    })
    fc.assert(
      fc.property(text, (content) => {
        for (const read of [readCodes, readRedemptions])
          try {
            expect(read(content).length).toBeGreaterThan(0)
          } catch (error) {
            expect(error).toBeInstanceOf(HoldfastError)
          }
      }),
    )
  })

  it('names the line as an editor counts it, and imports nothing of a file with a wrong one', () => {
    expect(() => readCodes('code\n"A-1"\n\n=cmd()\n')).toThrow(/"code" in line 4 begins with a sign/)
    expect(() => readCodes('A-1\na-1\n')).toThrow(/line 2 stands in line 1 already/)
    expect(() => readRedemptions('code,redeemed_at\nA-1,2026-02-30\n')).toThrow(/"redeemed_at" in line 2/)
    expect(() => readRedemptions('code,redeemed_at,monthly_amount\nA-1,2026-02-20,49.99\n')).toThrow(
      /"currency" in line 2/,
    )
  })
})

describe('what is said with an offer', () => {
  const { offers } = parseServiceSettings({
    offers: {
      terms: { default: { en: 'everywhere' }, EU: { en: 'the EU', de: 'die EU' }, AT: { de: 'Austria' } },
    },
  })

  it('are the terms of the country, else of the EU, else of everywhere, in the language of the message', () => {
    const terms = (country: string | null, language: string) => termsFor(offers, { country, language })
    expect(terms('AT', 'de-AT')).toBe('Austria')
    expect(terms('AT', 'en')).toBe('the EU')
    expect(terms('NO', 'de')).toBe('die EU')
    expect(terms('JP', 'en-GB')).toBe('everywhere')
    expect(terms(null, 'en')).toBe('everywhere')
    expect(terms('GB', 'de')).toBe(null)
    expect(terms('AT', 'fr')).toBe(null)
  })

  it('is that its price was chosen by a machine, wherever that has to be said or nobody knows where it is', () => {
    const said = (country: string | null, language = 'en') => disclosureFor(offers, { country, language })
    for (const country of ['DE', 'FR', 'IS', 'LI', null])
      expect(said(country)).toMatch(/automated decision-making/)
    expect(said('AT', 'de-AT')).toMatch(/automatisierten Entscheidungsfindung/)
    expect(said('US', 'de')).toBe('THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA')
    for (const country of ['GB', 'CH', 'JP']) expect(said(country)).toBe(null)
    const { offers: everywhere } = parseServiceSettings({
      offers: { disclosure: { where: 'everywhere', texts: { default: { en: 'A machine chose it.' } } } },
    })
    expect(disclosureFor(everywhere, { country: 'JP', language: 'en' })).toBe('A machine chose it.')
  })
})
