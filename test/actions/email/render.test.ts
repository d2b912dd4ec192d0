import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emailFaults, emailLanguage, renderEmail, type RenderInput } from '../../../actions/email/render.ts'
import type { EmailTemplate } from '../../../actions/email/template.ts'

const input: RenderInput = {
  action: 'email',
  language: 'de',
  fallbackLanguage: null,
  customer: { name: 'Bäckerei Süß' },
  recipient: { name: 'Zoë Müller', address: 'zoe@example.com' },
  responsible: { name: 'Anna Berger', address: 'anna@firma.example' },
  sender: {
    name: 'Team Firma',
    address: 'hallo@firma.example',
    company: 'Firma GmbH',
    postalAddress: 'Hauptstraße 1\n1010 Wien',
    replyTo: 'antwort@firma.example',
  },
  offer: null,
  unsubscribeUrl: 'https://firma.example/u/abc?x=1&y=2',
}
const offer = { percent: 10, months: 12, until: '2026-12-31' }
const own = (template: Partial<EmailTemplate>, language = 'de'): Pick<RenderInput, 'templates'> => ({
  templates: {
    [language]: { email: { subject: 'Betreff', text: 'Text', html: '<p>Text</p>', ...template } },
  },
})
const thrown = (differs: Partial<RenderInput>) => {
  try {
    renderEmail({ ...input, ...differs })
  } catch (error) {
    return error as Error & { code: string }
  }
  throw new Error('It rendered.')
}

describe.each(['en', 'de'])('the e-mails in %s', (language) => {
  it.each(['email', 'discount_10', 'discount_20'])('of %s say who writes, why, and how to stop', (action) => {
    const percent = action === 'discount_20' ? 20 : 10
    const mail = renderEmail({
      ...input,
      language,
      action,
      offer: action === 'email' ? null : { ...offer, percent },
    })
    expect(mail.from).toEqual({ name: 'Anna Berger, Firma GmbH', address: 'hallo@firma.example' })
    expect(mail.replyTo).toEqual({ name: 'Anna Berger', address: 'anna@firma.example' })
    expect(mail.language).toBe(language)
    for (const part of [mail.text, mail.html]) {
      for (const said of ['Zoë Müller', 'Anna Berger', 'Firma GmbH', 'Hauptstraße 1', '1010 Wien']) {
        expect(part).toContain(said)
      }
      if (action !== 'email') {
        expect(part).toMatch(new RegExp(`${percent}\\s?%`))
        expect(part).toMatch(/12 (months|Monate)/)
        expect(part).toMatch(language === 'en' ? /December\s31,\s2026/ : /31\.\sDezember\s2026/)
      }
    }
    expect(mail.text).toContain('https://firma.example/u/abc?x=1&y=2')
    expect(mail.html).toContain('href="https://firma.example/u/abc?x=1&amp;y=2"')
    expect(mail.text).not.toMatch(/<[a-z]|&amp;|\{\{|null|undefined/)
    expect(mail.html).not.toMatch(/\{\{|>null|undefined/)
    expect(Buffer.byteLength(mail.html)).toBeLessThan(20_000)
  })

  it('never speak of risk, of leaving or of machines, and do not shout', () => {
    for (const action of ['email', 'discount_10']) {
      const { subject, text, html } = renderEmail({ ...input, language, action, offer })
      for (const part of [subject, text, html.replace(/^[\s\S]*<body|<[^>]*>/g, '')]) {
        expect(part).not.toMatch(/\b(risk|churn|leav|cancel|score|predict|Risiko|kündig|abwander)/i)
        expect(part).not.toMatch(/\b(AI|KI)\b/)
        expect(part).not.toMatch(/!|\bNOW\b|JETZT|dear customer/)
      }
    }
  })

  it('are written by the company where nobody is responsible', () => {
    const mail = renderEmail({
      ...input,
      language,
      responsible: null,
      recipient: { ...input.recipient, name: null },
    })
    expect(mail.from.name).toBe('Team Firma')
    expect(mail.replyTo).toEqual({ name: null, address: 'antwort@firma.example' })
    expect(mail.text).toMatch(/^(Hello|Guten Tag),\n/)
  })

  it('count one month as one', () => {
    const { subject } = renderEmail({
      ...input,
      language,
      action: 'discount_10',
      offer: { ...offer, months: 1 },
    })
    expect(subject).toMatch(/ 1 (month|Monat)$/)
  })
})

describe('the language of an e-mail', () => {
  it.each([
    ['de-AT', null, 'de'],
    ['de_CH', null, 'de'],
    ['EN-gb', null, 'en'],
    [null, 'de-AT', 'de'],
    ['fr', 'en', 'en'],
    ['fr', null, null],
    [null, null, null],
    ['', 'xx', null],
  ])('of somebody who reads %j, with the fallback %j, is %j', (language, fallbackLanguage, expected) => {
    expect(emailLanguage({ action: 'email', language, fallbackLanguage })).toBe(expected)
  })

  it('is refused by name when there is none', () => {
    expect(thrown({ language: 'fr', fallbackLanguage: 'it' })).toMatchObject({
      code: 'template_invalid',
      message: expect.stringMatching(/"email" in "fr" or "it"/),
    })
    expect(thrown({ action: 'toString' }).code).toBe('template_invalid')
  })

  it('writes dates as the region of the recipient does', () => {
    const british = renderEmail({ ...input, action: 'discount_10', language: 'en-GB', offer })
    expect(british.text).toMatch(/31\sDecember\s2026/)
  })
})

describe('a sender that is not complete', () => {
  it.each([
    ['address', /sender\.address/],
    ['postalAddress', /sender\.postalAddress/],
  ])('is named by its missing %s', (field, expected) => {
    expect(thrown({ sender: { ...input.sender, [field]: null } })).toMatchObject({
      code: 'channel_configuration',
      message: expect.stringMatching(expected),
    })
    expect(thrown({ sender: { ...input.sender, company: null, name: ' ' } }).message).toMatch(
      /sender\.company/,
    )
  })
})

describe("a tenant's own template", () => {
  it('goes before the shipped one and gets the frame with the footer', () => {
    const mail = renderEmail({
      ...input,
      ...own({ html: '<p>Hallo {{ customer.name }}</p>', text: 'Hallo {{ customer.name }}' }),
    })
    expect(mail.subject).toBe('Betreff')
    expect(mail.html).toMatch(/<p>Hallo Bäckerei Süß<\/p>[\s\S]*Abmelden/)
    expect(mail.text).toMatch(/^Hallo Bäckerei Süß\n[\s\S]*Abmelden: https:/)
  })

  it('may be a whole document, if it has the link and the address', () => {
    const html = '<html><body><a href="{{ unsubscribe_url }}">x</a>'
    expect(thrown(own({ html })).message).toMatch(/HTML has no postal address/)
    expect(
      renderEmail({ ...input, ...own({ html: `${html} Hauptstraße 1 1010 Wien</body></html>` }) }).html,
    ).not.toContain('Abmelden')
    expect(thrown(own({ html: '<html>{{ sender.postal_address }}</html>' })).message).toMatch(
      /no link to unsubscribe/,
    )
  })

  it('in another language gets an English footer rather than none', () => {
    const mail = renderEmail({ ...input, language: 'fr-CA', ...own({}, 'fr') })
    expect(mail.language).toBe('fr')
    expect(mail.text).toContain('Unsubscribe: ')
  })

  it.each<[string, Partial<EmailTemplate>, RegExp]>([
    [
      'an unknown variable',
      { text: 'a\n\n{{ recipient.nmae }}' },
      /"email" in "de".*text in line 3 names "recipient\.nmae".*"recipient\.name"/,
    ],
    [
      'an unknown variable in a branch nobody takes',
      { html: '{% if false %}{{ custommer.name }}{% endif %}' },
      /HTML in line 1 names "custommer\.name".*"customer\.name"/,
    ],
    ['an unknown filter', { subject: '{{ recipient.name | shout }}' }, /subject.*line 1.*shout/],
    ['the filter that would not escape', { html: '{{ recipient.name | raw }}' }, /HTML.*raw/],
    ['a tag that is not closed', { text: 'x\n{% if recipient.name %}' }, /text.*line 2.*not closed/],
    ['a broken output', { html: '<p>{{ recipient.name </p>' }, /HTML.*line 1/],
    ['an unknown tag', { text: '{% launch %}' }, /text.*launch/],
    ['a file', { text: "{% include '/etc/passwd' %}" }, /text.*(ENOENT|Failed to lookup)/],
    ['the constructor', { text: '{{ recipient.constructor }}' }, /recipient\.constructor/],
    ['what we think of the customer', { text: '{{ reasons }}' }, /names "reasons"/],
    ['an endless loop', { text: '{% for i in (1..100000000) %}x{% endfor %}' }, /text.*limit/],
    [
      'many nested loops',
      {
        text: '{% for i in (1..9000) %}{% for j in (1..9000) %}{% for k in (1..9000) %}{% endfor %}{% endfor %}{% endfor %}',
      },
      /text.*limit/,
    ],
    ['a template that is far too long', { text: 'x'.repeat(200_000) }, /text.*limit/],
    ['an empty subject', { subject: '{% if customer.name == "" %}x{% endif %}' }, /subject is empty/],
    ['an offer where none is made', { text: '{{ offer.percent }} %' }, /speaks of an offer/],
  ])('with %s is refused in words', (_, template, expected) => {
    const error = thrown(own(template))
    expect(error.code).toBe('template_invalid')
    expect(error.message).toMatch(expected)
    const one = { language: 'de', action: 'email', template: own(template).templates!.de.email }
    expect(emailFaults({ ...one, offers: false })).not.toEqual([])
  })

  it('may ask whether there is an offer', () => {
    const asks = own({ text: '{% if offer.percent %}{{ offer.percent }}{% else %}nichts{% endif %}' })
    expect(renderEmail({ ...input, ...asks }).text).toMatch(/^nichts/)
    expect(renderEmail({ ...input, ...asks, offer }).text).toMatch(/^10\n/)
  })

  it('that is right passes the check', () => {
    expect(
      emailFaults({
        language: 'fr',
        action: 'email',
        offers: true,
        template: {
          subject: 'Bonjour {{ recipient.name }}',
          text: 'Votre code : {{ offer.code }}',
          html: '<p>Votre code : {{ offer.code }}</p>',
        },
      }),
    ).toEqual([])
  })

  it('is told of all its parts at once, each with its line', () => {
    const template = { subject: '{{ x }}', text: 'One\n{{ customer.nam }}', html: '<p>\n\n{% if %}</p>' }
    expect(emailFaults({ language: 'en', action: 'email', template, offers: false })).toMatchObject([
      { part: 'subject', line: 1 },
      { part: 'text', line: 2, what: expect.stringMatching(/Did you mean "customer.name"/) },
      { part: 'HTML', line: 3 },
    ])
  })
})

describe('an offer with a code', () => {
  const full = {
    ...offer,
    code: 'SPRING<7F3A>',
    terms: 'Not to be combined.\nOnce & for you <only>.',
    disclosure: 'This price was personalised for you.',
  }

  it.each(['en', 'de'])(
    'says in %s what it is taken with, its terms, and how its price was chosen',
    (language) => {
      const mail = renderEmail({ ...input, language, action: 'discount_10', offer: full })
      for (const said of ['SPRING<7F3A>', 'Not to be combined.', 'Once & for you <only>.', 'personalised'])
        expect(mail.text).toContain(said)
      for (const said of [
        '<strong>SPRING&lt;7F3A&gt;</strong>',
        'Once &amp; for you &lt;only&gt;.',
        'personalised',
      ])
        expect(mail.html).toContain(said)
      // Nobody has to answer to take it.
      expect(mail.text).not.toMatch(/just reply|antworten Sie/)
    },
  )

  it('is refused in a template that keeps the code to itself, and where a document leaves the terms out', () => {
    const hidden = { ...own({ text: 'Save {{ offer.percent }} %', html: '<p>Save {{ offer.code }}</p>' }) }
    expect(thrown({ ...hidden, offer: full }).message).toContain('its text has no code of the offer')
    const document =
      '<html><body>{{ offer.code }} {{ sender.postal_address | newline_to_br }} {{ unsubscribe_url }}</body></html>'
    const bare = own({ text: '{{ offer.code }}', html: document })
    expect(thrown({ ...bare, offer: { ...full, disclosure: null, terms: 'A term.' } }).message).toContain(
      'its HTML has no',
    )
  })

  it('stands where a template puts its terms', () => {
    const placed = own({
      text: '{{ offer.terms }} / {{ offer.disclosure }} / {{ offer.code }}',
      html: '<p>{{ offer.code }}</p><p>{{ offer.terms }}</p><p>{{ offer.disclosure }}</p>',
    })
    const mail = renderEmail({ ...input, ...placed, offer: { ...full, terms: 'One term.' } })
    expect(mail.html.match(/One term\./g)?.length).toBe(1)
  })
})

describe('what customers are called', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.constantFrom(
      '<script>alert(1)</script>',
      '" onmouseover="x',
      '{{ unsubscribe_url }}',
      "</td></table><img src=x onerror='x'>",
      'A\r\nBcc: all@example.com',
      '\u202Egnp.exe',
      'W'.repeat(300),
      '🙂👩‍👩‍👧 مريم',
      '\u0001',
      '\ud800',
    ),
  )

  it('never becomes markup, a template or a header', () => {
    const marked = own({
      subject: 'x {{ customer.name }}',
      html: '<p title="{{ customer.name }}">{{ recipient.name }}</p>',
      text: '{{ customer.name }}',
    })
    const tags = (html: string) => (html.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""'))
    const known = tags(renderEmail({ ...input, ...marked }).html)
    fc.assert(
      fc.property(hostile, hostile, hostile, (customer, recipient, responsible) => {
        const mail = renderEmail({
          ...input,
          ...marked,
          customer: { name: customer },
          recipient: { name: recipient, address: 'zoe@example.com' },
          responsible: { name: responsible, address: 'anna@firma.example' },
        })
        expect(tags(mail.html)).toEqual(known)
        for (const line of [mail.subject, mail.from.name, mail.to.name ?? '', mail.replyTo?.name ?? '']) {
          expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u)
          expect(line.isWellFormed()).toBe(true)
        }
        // Once, in the footer: a name in braces is text.
        expect(mail.html.split('https://firma.example/u/abc?x=1&amp;y=2')).toHaveLength(2)
      }),
      { numRuns: 300 },
    )
  })

  it('is clipped where it would fill the subject', () => {
    const mail = renderEmail({
      ...input,
      responsible: null,
      sender: { ...input.sender, company: 'W'.repeat(300) },
    })
    expect(mail.subject.length).toBeLessThan(250)
  })

  it('is not greeted when it is a link that somebody wants in our e-mails', () => {
    const { text } = renderEmail({
      ...input,
      recipient: { ...input.recipient, name: 'Gewinn https://evil.example' },
    })
    expect(text).toMatch(/^Guten Tag,\n/)
  })
})
