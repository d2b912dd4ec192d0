import { LoadingButton } from '@hubspot/ui-extensions'
import { describe, expect, it } from 'vitest'
import { ScoreMany } from '../score-many-panel.tsx'
import { taken } from './lists.ts'
import { answerWith, held, json, problem, stage, type Answering } from './stage.tsx'

function open(objectIds: readonly number[], answer: Answering, objectTypeId = '0-2') {
  const asked = answerWith(answer)
  const on = stage('crm.bulkActions')
  on.at.render(<ScoreMany crm={{ objectTypeId, objectIds }} />)
  const press = (): void => on.at.find(LoadingButton).trigger('onClick')
  return { ...on, asked, press }
}

describe('scoring what is ticked in a list', () => {
  it('says what it does, does it once, and says what became of each', async () => {
    const slow = held()
    const { asked, now, press, see } = open([1, 2, 3], () => slow.answer)
    await expect(now()).toMatchFileSnapshot('outlines/score-many.txt')
    press()
    press()
    await see('busy')
    slow.give(json(taken))
    await expect(await see('2 companies are scored now.')).toMatchFileSnapshot('outlines/score-many-done.txt')
    expect(asked).toEqual([
      {
        method: 'POST',
        path: '/crm/hubspot/bulk',
        body: { objectTypeId: '0-2', ids: ['1', '2', '3'], verb: 'score' },
      },
    ])
  })

  it('says what is wrong, and can be pressed again', async () => {
    let fails = true
    const { press, see } = open(
      [1],
      () => (fails ? problem(400, 'At most 100 at once.') : json(taken)),
      '0-1',
    )
    await see('[Score 1 contact]')
    press()
    await see('At most 100 at once.')
    fails = false
    press()
    await see('2 companies are scored now.')
  })

  it('asks for records where none is ticked', () => {
    expect(open([], () => json(taken)).now()).toContain('Nothing is ticked')
  })
})
