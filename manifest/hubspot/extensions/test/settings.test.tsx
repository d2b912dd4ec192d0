import { Button, Input, LoadingButton, NumberInput, Select, Toggle } from '@hubspot/ui-extensions'
import { describe, expect, it } from 'vitest'
import { SettingsPage } from '../settings-page.tsx'
import { saved, settings } from './lists.ts'
import { answerWith, held, json, problem, stage, type Answering } from './stage.tsx'

function open(answer: Answering) {
  const asked = answerWith(answer)
  const on = stage('settings')
  const { actions } = on.at.mocks
  on.at.render(<SettingsPage tell={actions.addAlert} close={actions.closeOverlay} />)
  const save = (): void => on.at.find(LoadingButton, (node) => node.text === 'Save').trigger('onClick')
  const confirm = (label: string): void =>
    on.at
      .find(Button, (node) => node.text === `${label}…`)
      .props.overlay!.find(LoadingButton)
      .trigger('onClick')
  return { ...on, asked, actions, save, confirm }
}

const answering =
  (change: (asked: Parameters<Answering>[0]) => Response): Answering =>
  (asked) =>
    asked.method === 'GET' ? json(settings) : change(asked)

describe('the settings inside HubSpot', () => {
  it('read like this', async () => {
    const { now, see, at } = open(() => json(settings))
    expect(now()).toBe('… Loading settings')
    await expect(await see('1,204 companies')).toMatchFileSnapshot('outlines/settings.txt')
    expect(at.find(Input).props.readOnly).toBe(true)
  })

  it('save what was changed of each kind, and nothing else', async () => {
    const { asked, actions, at, save, see, now } = open(answering(() => json(saved())))
    await see('Nothing is changed.')
    at.find(Toggle).trigger('onChange', false as never)
    at.find(NumberInput).trigger('onChange', 50 as never)
    at.find(Select).trigger('onChange', 'fixed' as never)
    await see('3 changes are not saved yet.')
    at.find(NumberInput).trigger('onChange', 200 as never)
    await see('2 changes are not saved yet.')
    save()
    await see('Nothing is changed.')
    expect(asked[1]).toEqual({
      method: 'POST',
      path: '/crm/hubspot/settings',
      body: { version: 7, values: { 'delivery.dryRun': false, 'levels.preset': 'fixed' } },
    })
    expect(actions.addAlert.calls).toEqual([[{ type: 'success', message: saved().said }]])
    expect(now()).toContain('1,204')
  })

  it('save once, however often it is pressed', async () => {
    const slow = held()
    const { asked, at, save, see } = open(({ method }) => (method === 'GET' ? json(settings) : slow.answer))
    await see('1,204')
    at.find(NumberInput).trigger('onChange', 50 as never)
    await see('1 change is not saved yet.')
    save()
    save()
    await see('[Save, busy]')
    slow.give(json(saved()))
    await see('Nothing is changed.')
    expect(asked).toHaveLength(2)
  })

  it('say beside the field why it was not saved, and keep what was typed', async () => {
    const refused = saved({
      said: 'Nothing was saved: one figure is too high.',
      tone: 'danger',
      problems: { 'caps.month': 'At most 100 with this plan.' },
      settings,
    })
    const { at, save, see, now } = open(answering(() => json(refused)))
    await see('1,204')
    at.find(NumberInput).trigger('onChange', 500 as never)
    await see('1 change')
    save()
    await expect(await see('At most 100')).toMatchFileSnapshot('outlines/settings-refused.txt')
    expect(now()).toContain('<Messages a month (per person): 500>')
    at.find(NumberInput).trigger('onChange', 90 as never)
    await at.waitFor(() => expect(now()).not.toContain('At most 100'))
  })

  it('read what somebody else saved meanwhile, and keep what was typed to be saved over it or not', async () => {
    const theirs = { ...settings, version: 9, sentence: 'Holdfast scores 1,300 companies.' }
    let reads = 0
    const { asked, at, save, see, now } = open(({ method, body }) => {
      if (method === 'GET') return json(reads++ === 0 ? settings : theirs)
      return (body as { version: number }).version === 7
        ? problem(409, 'Jon saved settings at 9:14, after you opened this page.')
        : json(saved())
    })
    await see('1,204')
    at.find(NumberInput).trigger('onChange', 50 as never)
    await see('1 change')
    save()
    await see('Jon saved settings at 9:14')
    await see('1,300 companies')
    expect(now()).toContain('<Messages a month (per person): 50>')
    save()
    await see('Nothing is changed.')
    expect(asked.at(-1)!.body).toEqual({ version: 9, values: { 'caps.month': 50 } })
  })

  it('put back what was typed', async () => {
    const { at, see, now } = open(answering(() => json(saved())))
    await see('1,204')
    at.find(NumberInput).trigger('onChange', 50 as never)
    await see('1 change')
    at.find(Button, (node) => node.text === 'Put back').trigger('onClick')
    await see('Nothing is changed.')
    expect(now()).toContain('<Messages a month (per person): 200>')
  })

  it('pause everything once it is confirmed, and resume', async () => {
    const paused = { ...settings, paused: 'Since 9:15 today, by ann@acme.example.' }
    const { asked, actions, confirm, see } = open(
      answering(({ body }) =>
        json(saved({ said: 'Done.', settings: (body as { paused: boolean }).paused ? paused : settings })),
      ),
    )
    await see('[Pause everything…]')
    expect(asked).toHaveLength(1)
    confirm('Pause everything')
    await expect(await see('Since 9:15 today')).toMatchFileSnapshot('outlines/settings-paused.txt')
    confirm('Resume')
    await see('[Pause everything…]')
    expect(asked.slice(1).map(({ path, body }) => [path, body])).toEqual([
      ['/crm/hubspot/pause', { paused: true }],
      ['/crm/hubspot/pause', { paused: false }],
    ])
    expect(actions.closeOverlay.calls).toHaveLength(2)
  })

  it('are paused by operators, who change nothing else', async () => {
    const { see } = open(() => json({ ...settings, mayChange: false }))
    const words = await see('[Pause everything…]')
    expect(words).toContain('You see how things stand')
    expect(words).not.toContain('[Save')
  })

  it('stay open with what is wrong when it could not be paused', async () => {
    const { actions, confirm, see } = open(answering(() => problem(503, '')))
    await see('[Pause everything…]')
    confirm('Pause everything')
    await see('could not do this just now')
    expect(actions.closeOverlay.calls).toEqual([])
  })

  it('show those who may not change them how things stand', async () => {
    const { see, at } = open(() => json({ ...settings, mayChange: false, mayPause: false }))
    await expect(await see('You see how things stand')).toMatchFileSnapshot('outlines/settings-read-only.txt')
    expect(at.find(NumberInput).props.readOnly).toBe(true)
    expect(at.findAll(LoadingButton)).toEqual([])
  })

  it('say what is wrong when they cannot be read', async () => {
    const { see } = open(() => problem(404, 'This account is not connected.'))
    await expect(await see('This account is not connected.')).toMatchFileSnapshot(
      'outlines/settings-failed.txt',
    )
  })
})
