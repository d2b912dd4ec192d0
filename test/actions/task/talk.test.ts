import { describe, expect, it } from 'vitest'
import { talkFaults, talkTrack, type TalkData } from '../../../actions/task/talk.ts'

const data: TalkData = {
  customer: { name: 'Ada Ltd' },
  person: { name: 'Ann Lee', role: null },
  company: 'Example',
  responsible: { name: 'Jo Miller' },
  offer: { percent: 30, months: 12 },
}
const tracks = {
  en: { call: 'Hello {{ person.name }}, {{ offer.percent }} % for {{ offer.months }} months.' },
  'de-AT': { call: 'Grüß Gott {{ person.name }}!' },
}
const asked = { tracks, action: 'call', data }

describe('a talk track in one’s own words', () => {
  it('is in the language of whom is called, else in that of the company', () => {
    expect(talkTrack({ ...asked, languages: ['de-AT', 'en'] })).toBe('Grüß Gott Ann Lee!')
    expect(talkTrack({ ...asked, languages: ['fr', 'en-GB'] })).toBe('Hello Ann Lee, 30 % for 12 months.')
    expect(talkTrack({ ...asked, languages: [null, 'fr'] })).toBeNull()
    expect(talkTrack({ ...asked, languages: ['en'], action: 'another' })).toBeNull()
  })

  it('says what it misses instead of leaving a gap', () => {
    const { offer: _, ...without } = data
    expect(() => talkTrack({ ...asked, languages: ['en'], data: without })).toThrow(
      /"call" in "en" .*speaks of an offer, and the action makes none/,
    )
    const one = { language: 'en', action: 'call', template: tracks.en.call, offers: true }
    expect(talkFaults({ ...one, template: 'Hi\n{{ person.nam }}' })).toEqual([
      { part: 'talk track', line: 2, what: expect.stringMatching(/Did you mean "person.name"/) },
    ])
    expect(talkFaults(one)).toEqual([])
    expect(talkFaults({ ...one, offers: false })).toEqual([
      { part: 'talk track', line: 1, what: expect.stringMatching(/makes none/) },
    ])
  })

  it('takes no line breaks or direction marks out of a name', () => {
    const rude = { ...data, person: { name: 'Ann\u202E\nLee', role: null } }
    expect(talkTrack({ ...asked, languages: ['de-AT'], data: rude })).toBe('Grüß Gott Ann Lee!')
  })
})
