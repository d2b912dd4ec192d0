import { Button, LoadingButton, Select, TextArea } from '@hubspot/ui-extensions'
import { describe, expect, it } from 'vitest'
import { RecordCardView } from '../record-card.tsx'
import { approved, heldOut, mailing, partial, scored, unscored } from './cards.ts'
import { answerWith, held, json, problem, stage, type Answering } from './stage.tsx'

const record = { objectTypeId: '0-2', objectId: 512 }

function open(place: 'sidebar' | 'tab', answer: Answering, looks?: readonly number[]) {
  const asked = answerWith(answer)
  const on = stage(`crm.record.${place}`)
  const { actions } = on.at.mocks
  on.at.render(
    <RecordCardView
      place={place}
      record={record}
      tell={actions.addAlert}
      close={actions.closeOverlay}
      {...(looks === undefined ? {} : { looks })}
    />,
  )
  const press = (label: string): void => {
    const found =
      on.at.maybeFind(Button, (node) => node.text === label) ??
      on.at.maybeFind(LoadingButton, (node) => node.text === label)
    if (found === null) throw new Error(`There is no "${label}" in:\n${on.now()}`)
    found.trigger('onClick')
  }
  return { ...on, asked, actions, press }
}

describe.each(['sidebar', 'tab'] as const)('the card of a record in the %s', (place) => {
  it('asks for its record, says that it loads, and reads like this', async () => {
    const { asked, now, see } = open(place, () => json(scored))
    expect(now()).toBe('… Loading what Holdfast knows')
    const words = await see('41 %')
    expect(asked).toEqual([
      { method: 'GET', path: '/crm/hubspot/card?objectTypeId=0-2&objectId=512', body: undefined },
    ])
    await expect(words).toMatchFileSnapshot(`outlines/card-${place}.txt`)
  })

  it.each(Object.entries({ heldOut, mailing, partial, ...unscored }))(
    'reads like this when %s',
    async (name, card) => {
      const { see } = open(place, () => json(card))
      await expect(await see(card.sentence)).toMatchFileSnapshot(`outlines/card-${place}-${name}.txt`)
    },
  )

  it('says what is wrong when it cannot be read, and reads it when asked again', async () => {
    let fails = true
    const { asked, press, see } = open(place, () => {
      if (fails) throw new Error('the network is gone')
      return json(scored)
    })
    await expect(await see('does not answer')).toMatchFileSnapshot(`outlines/card-${place}-failed.txt`)
    fails = false
    press('Try again')
    await see('41 %')
    expect(asked).toHaveLength(2)
  })

  it('tells people what the server tells them, and never what is for programs', async () => {
    const first = open(place, () => problem(404, 'The HubSpot account 7 is not connected to Holdfast.'))
    await first.see('The HubSpot account 7 is not connected to Holdfast.')
    const second = open(place, () => problem(500, 'TypeError: undefined is not a function'))
    expect(await second.see('could not do this just now')).not.toContain('TypeError')
    const third = open(place, () => problem(401, 'The request is not signed as it has to be.'))
    await third.see('HUBSPOT_CLIENT_SECRET')
    const fourth = open(place, () => new Response('<html>', { status: 200 }))
    await fourth.see('cannot be read here (200)')
  })

  it('approves once, however often it is pressed, tells what came of it and shows the card as it is then', async () => {
    const slow = held()
    const { actions, asked, now, press, see } = open(place, ({ method }) =>
      method === 'GET' ? json(scored) : slow.answer,
    )
    await see('[Approve call]')
    press('Approve call')
    press('Approve call')
    await see('[Approve call, busy]')
    expect(now()).toContain('[Snooze…, off]')
    press('Approve call')
    slow.give(json(approved))
    await see('Approved by you at 9:12.')
    expect(asked.slice(1)).toEqual([
      {
        method: 'POST',
        path: '/crm/hubspot/card/answer',
        body: {
          objectTypeId: '0-2',
          objectId: '512',
          intervention: 'int_1',
          asked: '2026-11-21T09:00:00Z',
          answer: 'approve',
        },
      },
    ])
    expect(actions.addAlert.calls).toEqual([[{ type: 'success', message: approved.said }]])
    expect(now()).not.toContain('[Approve')
  })

  it('shows what goes to a customer before it goes, and closes that when it went', async () => {
    const { actions, asked, press, see, at } = open(place, ({ method }) =>
      json(method === 'GET' ? mailing : approved),
    )
    const words = await see('[Approve e-mail…]')
    expect(words).toContain('Subject: Fewer logins lately')
    expect(asked).toHaveLength(1)
    at.find(Button, (node) => node.text === 'Approve e-mail…')
      .props.overlay!.find(LoadingButton)
      .trigger('onClick')
    await see('Approved by you at 9:12.')
    expect(asked).toHaveLength(2)
    expect(actions.closeOverlay.calls).toEqual([['holdfast-approve']])
    expect(() => press('Approve e-mail…')).toThrow(/There is no/)
  })

  it('keeps the message open with what is wrong when it did not go', async () => {
    const { actions, see, at } = open(place, ({ method }) =>
      method === 'GET' ? json(mailing) : problem(503, ''),
    )
    await see('[Approve e-mail…]')
    at.find(Button, (node) => node.text === 'Approve e-mail…')
      .props.overlay!.find(LoadingButton)
      .trigger('onClick')
    await see('could not do this just now')
    expect(actions.closeOverlay.calls).toEqual([])
  })

  it('snoozes for as long as was chosen', async () => {
    const { asked, at, press, see } = open(place, ({ method }) => json(method === 'GET' ? scored : approved))
    await see('[Snooze…]')
    press('Snooze…')
    await see('<Ask me again in: 14 days; of 7 days, 14 days, 30 days>')
    at.find(Select).trigger('onChange', 30 as never)
    await see('[Snooze 30 days]')
    press('Snooze 30 days')
    await see('Approved by you')
    expect(asked[1].body).toMatchObject({ answer: 'snooze', days: 30 })
  })

  it('wants a reason for "not right", and keeps what was typed when it did not arrive', async () => {
    let fails = true
    const { asked, at, press, see, now } = open(place, ({ method }) => {
      if (method === 'GET') return json(scored)
      if (fails) throw new Error('the network is gone')
      return json(approved)
    })
    await see('[Not right…]')
    press('Not right…')
    await see('## What is not right?')
    press('Take it back')
    await see('Choose a reason, so that')
    expect(asked).toHaveLength(1)
    at.find(Select).trigger('onChange', 'already_done' as never)
    at.find(TextArea).trigger('onInput', 'called on Fr' as never)
    at.find(TextArea).trigger('onChange', 'called on Friday ' as never)
    press('Take it back')
    await expect(await see('Press again: it is done once')).toMatchFileSnapshot(
      `outlines/card-${place}-not-right.txt`,
    )
    expect(now()).toContain('<Note (optional): called on Friday >')
    fails = false
    press('Take it back')
    await see('Approved by you')
    expect(asked[2].body).toMatchObject({
      answer: 'not_right',
      reason: 'already_done',
      note: 'called on Friday',
    })
  })

  it('looks again after a while for a score that takes one', async () => {
    const scoring = {
      ...unscored.waiting,
      notices: [{ kind: 'scoring', tone: 'info', text: 'It is being scored.' }],
    }
    let reads = 0
    const later: Answering = ({ method }) =>
      method === 'POST'
        ? json({ said: 'It is scored now.', tone: 'success', card: scoring })
        : json(++reads === 1 ? unscored.waiting : reads < 3 ? scoring : scored)
    const { press, see } = open(place, later, [5, 20])
    await see('[Score now]')
    press('Score now')
    await see('41 %')
    expect(reads).toBe(3)
  })

  it('scores now, and shows the risk that came of it', async () => {
    const { asked, press, see } = open(place, ({ method }) =>
      json(method === 'GET' ? unscored.waiting : { said: 'Scored.', tone: 'success', card: scored }),
    )
    await see('[Score now]')
    press('Score now')
    await see('41 %')
    expect(asked[1]).toEqual({
      method: 'POST',
      path: '/crm/hubspot/card/score',
      body: { objectTypeId: '0-2', objectId: '512' },
    })
  })
})

it('says each level by a mark and a word', async () => {
  for (const [level, levelText, mark] of [
    ['HIGH', 'High', '▲'],
    ['MEDIUM', 'Medium', '●'],
    ['LOW', 'Low', '▼'],
  ] as const) {
    const { see } = open('sidebar', () => json({ ...scored, risk: { ...scored.risk!, level, levelText } }))
    await see(`${mark} ${levelText}`)
  }
})
