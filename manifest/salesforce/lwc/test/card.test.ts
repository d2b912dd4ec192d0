import { describe, expect, it, vi } from 'vitest'
import type { CardPressed, RecordCard } from '../../../../src/contracts/record-card.ts'
import { approved, heldOut, mailing, partial, RECORD, scored, unscored } from './cards.ts'
import { refused, stage, type Answering } from './stage.ts'

const open = (answer: Answering, options?: { hurry: number }) =>
  stage('holdfastCard', answer, { recordId: RECORD }, options)

/** A card, and what comes of whatever is pressed. */
const pressing = (card: RecordCard, came: () => unknown) =>
  open((method) => (method.endsWith('readCard') ? card : came()))

const pressed = (said: string, card: RecordCard): CardPressed => ({ said, tone: 'success', card })

describe('the card of a record in Salesforce', () => {
  it('says how it stands, from the number to whom to ask', async () => {
    const { asked, now, see, press, has, all, warned } = await open(() => scored)
    expect(now()).toContain('… Loading what Holdfast knows')
    await see('41 %')
    press('Why this one, and why not the others')
    press('Risk over time')
    press('What was done before')
    press('May be reached by')
    await expect(await see('7 Nov 2026 | 29.3 %')).toMatchFileSnapshot('outlines/card.txt')
    expect(asked).toEqual([{ method: 'HoldfastCard.readCard', parameters: { recordId: RECORD } }])
    expect(has('Score now')).toBe(true)
    expect(all().filter(({ localName }) => localName === 'svg')).toHaveLength(1)
    const more = all().find(({ localName }) => localName === 'a')!
    expect([more.getAttribute('target'), more.getAttribute('rel')]).toEqual(['_blank', 'noopener'])
    expect(warned).toEqual([])
  })

  it.each([['held out', heldOut], ['partial', partial], ['mailing', mailing], ...Object.entries(unscored)])(
    'of a customer that is %s reads like this',
    async (name, card) => {
      const { see } = await open(() => card)
      await expect(await see(card.sentence)).toMatchFileSnapshot(
        `outlines/card-${name.replace(' ', '-')}.txt`,
      )
    },
  )

  it('shows notices of what is turned off, stale or low on data as what they weigh', async () => {
    const notices = [
      { kind: 'low_data', tone: 'warning', text: 'Not enough is known yet, about 7 more weeks.' },
      { kind: 'paused', tone: 'danger', text: 'Everything is paused since 9:15.' },
      { kind: 'starter', tone: 'info', text: 'This is a starter model.' },
    ] as const
    const { see } = await open(() => ({ ...scored, notices }))
    const words = await see('starter model')
    expect(words).toContain('Please note\nNot enough is known yet')
    expect(words).toContain('Attention\nEverything is paused')
    expect(words).toContain('Note: This is a starter model.')
  })

  it('says in a sentence why it cannot be read, and reads it when asked again', async () => {
    let fails = true
    const { asked, press, see, now } = await open(() => {
      if (fails) throw refused('Holdfast is turned off in this org. An admin turns it on.')
      return scored
    })
    await expect(await see('turned off in this org')).toMatchFileSnapshot('outlines/card-failed.txt')
    fails = false
    press('Try again')
    await see('41 %')
    expect(now()).not.toContain('turned off')
    expect(asked).toHaveLength(2)
  })

  it.each([
    ['nothing at all', () => new Error('')],
    ['words that are for nobody', () => refused('Script-thrown exception')],
  ])('has words of its own when Apex gives %s', async (_what, error) => {
    const { see } = await open(() => {
      throw error()
    })
    await see('cannot be reached from here')
  })

  it('approves at once what a colleague does, and goes on from what came of it', async () => {
    const { asked, focused, press, see, now } = await pressing(
      scored,
      () => new Promise((done) => setTimeout(() => done(approved), 50)),
    )
    await see('[Approve call]')
    press('Approve call')
    press('Approve call')
    await see('[Approve call, off]')
    expect(now()).toContain('One moment…')
    await see(approved.said)
    expect(asked.slice(1)).toEqual([
      {
        method: 'HoldfastCard.answer',
        parameters: {
          recordId: RECORD,
          intervention: 'int_1',
          asked: '2026-11-21T09:00:00Z',
          answer: 'approve',
          days: null,
          reason: null,
          note: null,
        },
      },
    ])
    expect(now()).toContain('Approved by you at 9:12.')
    expect(focused().getAttribute('role')).toBe('status')
  })

  it('shows once more what goes to a customer before it is approved', async () => {
    const { asked, focused, press, see, now } = await pressing(mailing, () => approved)
    await see('[Approve e-mail…]')
    press('Approve e-mail…')
    await expect(await see('This is what the customer would read:')).toMatchFileSnapshot(
      'outlines/card-confirm.txt',
    )
    expect(focused().localName).toBe('h4')
    press('Not yet')
    await vi.waitFor(() => expect(now()).not.toContain('what the customer would read'))
    expect(focused().textContent).toBe('Approve e-mail…')
    expect(asked).toHaveLength(1)
    press('Approve e-mail…')
    await see('[Approve e-mail]')
    press('Approve e-mail')
    await see(approved.said)
    expect(asked).toHaveLength(2)
  })

  it('snoozes for the days that are chosen', async () => {
    const { asked, fill, focused, press, see } = await pressing(scored, () =>
      pressed('Asked again on 21 Dec.', heldOut),
    )
    await see('[Snooze…]')
    press('Snooze…')
    await see('[Snooze 14 days]')
    expect(focused().localName).toBe('select')
    fill('days', '30')
    await see('[Snooze 30 days]')
    press('Snooze 30 days')
    await see('Asked again on 21 Dec.')
    expect(asked[1].parameters).toMatchObject({ answer: 'snooze', days: 30, reason: null, note: null })
  })

  it('asks why something is not right, and sends it with the note', async () => {
    const { asked, fill, focused, press, see, now } = await pressing(scored, () =>
      pressed('Taken back.', heldOut),
    )
    await see('[Not right…]')
    press('Not right…')
    await see('What is not right?')
    press('Take it back')
    await expect(await see('Choose a reason, so that')).toMatchFileSnapshot('outlines/card-not-right.txt')
    expect(focused().localName).toBe('select')
    expect(asked).toHaveLength(1)
    fill('reason', 'already_done')
    fill('note', '  I called on Monday. ')
    await vi.waitFor(() => expect(now()).not.toContain('Choose a reason, so that'))
    press('Take it back')
    await see('Taken back.')
    expect(asked[1].parameters).toMatchObject({
      answer: 'not_right',
      reason: 'already_done',
      note: 'I called on Monday.',
      days: null,
    })
  })

  it('opens one question at a time, and forgets what was begun when something else is asked', async () => {
    const other = { ...scored, answers: { ...scored.answers!, asked: 'later' } }
    const { press, see, now, button } = await pressing(scored, () => pressed('Scored.', other))
    await see('[Snooze…]')
    press('Snooze…')
    await see('Ask me again in')
    press('Not right…')
    await see('What is not right?')
    expect(now()).not.toContain('Ask me again in')
    button('Score now').click()
    await see('Scored.')
    expect(now()).not.toContain('What is not right?')
  })

  it('says beside the buttons what did not work, and keeps what was typed', async () => {
    const { focused, fill, press, see, find } = await pressing(scored, () => {
      throw refused('Jon answered this at 9:14.')
    })
    await see('[Not right…]')
    press('Not right…')
    await see('What is not right?')
    fill('reason', 'other')
    fill('note', 'Hm')
    press('Take it back')
    await see('That did not work\nJon answered this at 9:14.')
    expect(find('textarea').value).toBe('Hm')
    expect(focused().getAttribute('role')).toBe('status')
  })

  it('says that a press may be pressed again when no answer came', async () => {
    const { press, see } = await pressing(scored, () => {
      throw new Error('')
    })
    await see('[Score now]')
    press('Score now')
    await see('it is done once, however often it arrives')
  })

  it('looks again while it is being scored, until the score is there', async () => {
    const scoring = {
      ...unscored.waiting,
      mayScore: false,
      notices: [{ kind: 'scoring', tone: 'info', text: 'Northwind is being scored.' }],
    } as const
    let looks = 0
    const { asked, press, see } = await open(
      (method) => {
        if (method.endsWith('score')) return pressed('It is scored in some seconds.', scoring)
        looks++
        return looks === 1 ? unscored.waiting : looks === 2 ? scoring : scored
      },
      { hurry: 100 },
    )
    await see('[Score now]')
    press('Score now')
    await see('Northwind is being scored.')
    await see('41 %')
    const until = asked.length
    await new Promise((done) => setTimeout(done, 250))
    expect(asked).toHaveLength(until)
    expect(until).toBe(4)
  })

  it('stays as it was when it cannot be read again, and says so', async () => {
    const scoring = { ...scored, notices: [{ kind: 'scoring', tone: 'info', text: 'Being scored.' }] }
    let looks = 0
    const { see, now } = await open(
      () => {
        if (looks++ === 0) return scoring
        throw refused('Holdfast did not answer.')
      },
      { hurry: 100 },
    )
    await see('This could not be read again\nHoldfast did not answer.')
    expect(now()).toContain('41 %')
  })

  it('shows the record that is opened last, and stops looking when it is taken away', async () => {
    const slow: ((card: unknown) => void)[] = []
    const { asked, element, see, now } = await open((_method, { recordId }) =>
      recordId === RECORD ? new Promise((done) => slow.push(done)) : heldOut,
    )
    element.recordId = '001Hp00000000077AA'
    await see('It is left as it is')
    slow[0](scored)
    await new Promise((done) => setTimeout(done, 20))
    expect(now()).toContain('It is left as it is')
    element.remove()
    expect(asked).toHaveLength(2)
  })
})
