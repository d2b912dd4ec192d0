import { describe, expect, it } from 'vitest'
import { composeSms, type SmsInput } from '../../../actions/sms/compose.ts'
import { meaningOf } from '../../../actions/sms/answers.ts'
import { helpText, smsFaults, smsLanguage } from '../../../actions/sms/wording.ts'

const input: SmsInput = {
  action: 'sms',
  language: 'en',
  fallbackLanguage: null,
  customer: { name: 'Silva Ltd' },
  recipient: { name: 'Ana', phone: '07400 123456', country: 'GB' },
  responsible: { name: 'Jo' },
  sender: { name: null, company: 'Acme' },
  offer: null,
}
const own = (text: string, language = 'en') => ({ templates: { [language]: { sms: text } } })
const refusal = (over: Partial<SmsInput>): string => {
  try {
    composeSms({ ...input, ...over })
    return 'none'
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`
  }
}

describe('composing a text', () => {
  it('says who writes and how to stop, in one part', () => {
    expect(composeSms(input)).toEqual({
      kind: 'sms',
      to: '+447400123456',
      text: 'Acme: Hello Ana, is everything working as you need it? Just reply, a person reads it. Reply STOP to opt out.',
      language: 'en',
      segments: 1,
      encoding: 'GSM-7',
    })
  })

  it.each([
    ['en', 'sms'],
    ['de', 'sms'],
    ['en', 'update_payment'],
    ['de', 'update_payment'],
  ])('ships a text in %s of "%s" that fits into two parts, also with long names', (language, action) => {
    const long = {
      ...input,
      action,
      language,
      sender: { name: null, company: 'Stadtwerke Musterstadt GmbH' },
    }
    const text = composeSms({
      ...long,
      recipient: { ...input.recipient, name: 'Maximiliane Müller-Lüdenscheidt' },
    })
    expect(text).toMatchObject({ language, encoding: 'GSM-7' })
    expect(text.segments).toBeLessThanOrEqual(2)
    expect(text.text).toContain('STOP')
  })

  it('adds the company and the way out to a text of our own that says neither, and to no other', () => {
    expect(composeSms({ ...input, ...own('All well?') }).text).toBe('Acme: All well? Reply STOP to opt out.')
    expect(composeSms({ ...input, ...own('{{ sender.company }} here. STOP ends it.') }).text).toBe(
      'Acme here. STOP ends it.',
    )
    expect(composeSms({ ...input, language: 'de', ...own('Alles gut?', 'de') }).text).toBe(
      'Acme: Alles gut? Abmelden: STOP antworten.',
    )
  })

  it('writes in the language of the person, of their language at large, or in that of the setting, else not', () => {
    expect(composeSms({ ...input, language: 'de-AT' }).language).toBe('de')
    expect(composeSms({ ...input, language: 'fr', fallbackLanguage: 'de' }).language).toBe('de')
    expect(refusal({ language: 'fr' })).toMatch(/^template_invalid: There is no text of "sms" in "fr"\./)
    expect(smsLanguage({ action: 'sms', language: 'fr', fallbackLanguage: null })).toBeNull()
    expect(
      smsLanguage({ action: 'sms', language: 'fr', fallbackLanguage: null, ...own('Bonjour', 'fr') }),
    ).toBe('fr')
  })

  it('refuses a template that misses a value, and names it', () => {
    expect(refusal(own('{{ offer.percent }} off'))).toMatch(
      /^template_invalid: The template "sms" in "en" cannot be used: .*speaks of an offer, and the action makes none/,
    )
    expect(refusal(own('Hello {{ recipient.nam }}'))).toMatch(
      /in line 1 names "recipient.nam".*Did you mean "recipient.name"/,
    )
    expect(refusal(own('{% if %}'))).toMatch(/^template_invalid/)
    expect(refusal(own('   '))).toMatch(/its text is empty/)
    expect(refusal(own('a'.repeat(1700)))).toMatch(/1600 is the most/)
    const one = { language: 'en', action: 'sms', template: '{{ offer.percent }} off' }
    expect(smsFaults({ ...one, offers: false })).toEqual([
      { part: 'text', line: 1, what: expect.stringMatching(/makes none/) },
    ])
    expect(smsFaults({ ...one, offers: true })).toEqual([])
  })

  it('greets nobody by a link or by control characters, and keeps names of other scripts', () => {
    const named = (name: string) => composeSms({ ...input, recipient: { ...input.recipient, name } }).text
    expect(named('http://evil.example')).toContain('Hello, is')
    expect(named('Ana\r\n\u202eSilva')).toContain('Hello Ana Silva, is')
    expect(named('Анна')).toContain('Hello Анна, is')
  })

  it('says what is missing: a number, a company', () => {
    expect(refusal({ recipient: { name: null, phone: '030 1234567', country: 'DE' } })).toMatch(
      /^request_invalid: The number is a landline/,
    )
    expect(refusal({ sender: { name: null, company: null } })).toMatch(
      /^channel_configuration: .*sender.company/,
    )
  })

  it('answers HELP in the language of the person, with who writes and how to stop', () => {
    expect(helpText('de-AT', 'Acme')).toBe('Acme: Nachrichten zu Ihrem Vertrag. Abmelden: STOP antworten.')
    expect(helpText('fr', 'Acme')).toContain('Reply STOP')
  })
})

describe('what people answer', () => {
  it.each([
    ['STOP', 'stop'],
    [' stop! ', 'stop'],
    ['"Stop."', 'stop'],
    ['StopAll', 'stop'],
    ['UNSUBSCRIBE', 'stop'],
    ['end', 'stop'],
    ['quit', 'stop'],
    ['REVOKE', 'stop'],
    ['optout', 'stop'],
    ["Don't text me", 'stop'],
    ['Bitte STOPP', 'stop'],
    ['Arrêt', 'stop'],
    ['Cancel', 'stop_and_read'],
    ['Kündigen', 'stop_and_read'],
    ['START', 'start'],
    ['unstop', 'start'],
    ['Yes', 'start_or_answer'],
    ['help', 'help'],
    ['Info?', 'help'],
    ['Stop by tomorrow?', 'answer'],
    ['everything is fine', 'answer'],
    ['', 'answer'],
    ['👍', 'answer'],
  ])('is understood: %s', (body, meaning) => {
    expect(meaningOf(body, null)).toBe(meaning)
  })

  it('is what Advanced Opt-Out says, where that has judged', () => {
    expect(meaningOf('ja bitte aufhören', 'STOP')).toBe('stop')
    expect(meaningOf('whatever', 'START')).toBe('start')
    expect(meaningOf('STOP', 'UNKNOWN')).toBe('stop')
  })
})
