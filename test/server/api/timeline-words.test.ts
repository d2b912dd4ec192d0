import { describe, expect, it } from 'vitest'
import { timelineSentence, type TimelineWords } from '../../../src/server/api/timeline-words.ts'
import { formatsFor } from '../../../src/server/words/formats.ts'

const words: TimelineWords = {
  caller: { kind: 'key' } as unknown as TimelineWords['caller'],
  formats: formatsFor({ now: new Date('2026-11-22T12:00:00Z'), zone: 'UTC' }),
  source: 'HubSpot',
  title: (property) => property,
}

describe('an entry of a timeline', () => {
  it.each([
    ['connection:0be2b7dc-b390-41bf-a26d-54a0fc9bb78a', 'HubSpot'],
    ['unsubscribe', 'by the link in a message'],
    ['web_form', 'web form'],
  ])('says who said so of a consent, and no id: %s', (source, said) => {
    const sentence = timelineSentence(
      {
        at: new Date(),
        kind: 'consent',
        key: '1',
        data: { recipient: null, channel: 'email', status: 'granted', source },
      },
      words,
    )
    expect(sentence).toBe(`A contact without a name agreed to e-mails (${said}).`)
  })
})
