import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { html, joined, markupText, type Piece } from '../../src/server/html.ts'

const textOf = (piece: Piece): string => markupText(html`${piece}`)

describe('markup of the pages', () => {
  it('takes whatever is put into it for text, never for markup', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const markup = markupText(html`<p title="${text}">${text}</p>`)
        const inside = markup.slice('<p title="'.length, -'</p>'.length)
        expect(inside.replace('">', '')).not.toMatch(/[<>"']/)
      }),
    )
    expect(textOf('<script>alert(1)</script> & "more"')).toBe(
      '&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;',
    )
  })

  it('keeps markup that was made here, in lists too', () => {
    expect(textOf([html`<b>${'<'}</b>`, ['a', 2], null, undefined, false])).toBe('<b>&lt;</b>a2')
  })

  it('takes nothing that only looks like markup, such as what comes out of JSON', () => {
    const forged = JSON.parse('{"markup": "<b>", "Symbol(markup)": "<b>"}') as Piece
    expect(textOf(forged)).toBe('')
  })

  it('joins what is there and leaves out what is not', () => {
    expect(textOf(joined(['a', false, null, html`<b>b</b>`], ' · '))).toBe('a · <b>b</b>')
    expect(textOf(joined([], ' · '))).toBe('')
  })
})
