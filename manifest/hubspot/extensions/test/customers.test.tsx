import { Button, Link, Select } from '@hubspot/ui-extensions'
import { describe, expect, it } from 'vitest'
import { Customers, type Portal } from '../customers.tsx'
import { mine, mineAfter, nobody } from './lists.ts'
import { answerWith, json, problem, stage, type Answering } from './stage.tsx'

function open(answer: Answering, portal: Portal = { id: 123 }) {
  const asked = answerWith(answer)
  const on = stage('pages')
  on.at.render(<Customers portal={portal} />)
  const press = (label: string): void => on.at.find(Button, (node) => node.text === label).trigger('onClick')
  return { ...on, asked, press, paths: () => asked.map(({ path }) => path) }
}

describe('customers by value at risk', () => {
  it('says the sum first, and whom to call', async () => {
    const { now, see, at, paths } = open(() => json(mine))
    expect(now()).toBe('… Loading customers')
    await expect(await see('Northwind')).toMatchFileSnapshot('outlines/customers.txt')
    expect(paths()).toEqual(['/crm/hubspot/customers?whose=mine'])
    expect(at.findAll(Link).map((link) => link.props.href)).toEqual([
      'https://app.hubspot.com/contacts/123/record/0-2/512',
      'https://app.hubspot.com/contacts/123/record/0-2/77',
      { url: 'https://holdfast.example.com/customers', external: true },
    ])
  })

  it('leads to records where the account lives', async () => {
    const { see, at } = open(() => json(mine), { id: 9, dataHostingLocation: 'eu1' })
    await see('Northwind')
    expect(at.find(Link).props.href).toBe('https://app-eu1.hubspot.com/contacts/9/record/0-2/512')
  })

  it('shows everybody’s to those who may see them, from the beginning', async () => {
    const { at, see, press, paths } = open(({ path }) =>
      json(
        path.includes('whose=all')
          ? { ...mine, whose: 'all', sentence: 'Of all.' }
          : path.includes('after')
            ? mineAfter
            : mine,
      ),
    )
    await see('Northwind')
    press('Next customers')
    await see('Fabrikam')
    at.find(Select).trigger('onChange', 'all' as never)
    await see('Of all.')
    expect(paths().at(-1)).toBe('/crm/hubspot/customers?whose=all')
  })

  it('goes on and back, a page at a time', async () => {
    const { now, press, see, paths } = open(({ path }) => json(path.includes('after') ? mineAfter : mine))
    await see('Northwind')
    expect(now()).not.toContain('Back')
    press('Next customers')
    await expect(await see('Fabrikam')).toMatchFileSnapshot('outlines/customers-second-page.txt')
    press('Back')
    await see('Northwind')
    expect(paths()).toEqual([
      '/crm/hubspot/customers?whose=mine',
      '/crm/hubspot/customers?whose=mine&after=after-77',
      '/crm/hubspot/customers?whose=mine',
    ])
  })

  it('says what will be here when nobody is', async () => {
    const { see } = open(() => json(nobody))
    await expect(await see('None of your customers')).toMatchFileSnapshot('outlines/customers-nobody.txt')
  })

  it('says what is wrong, and reads them when asked again', async () => {
    let fails = true
    const { press, see } = open(() => (fails ? problem(404, 'This account is not connected.') : json(mine)))
    await expect(await see('This account is not connected.')).toMatchFileSnapshot(
      'outlines/customers-failed.txt',
    )
    fails = false
    press('Try again')
    await see('Northwind')
  })

  it('keeps what is there when it cannot be read again', async () => {
    let fails = false
    const { press, see, now } = open(() => {
      if (fails) throw new Error('gone')
      return json(mine)
    })
    await see('Northwind')
    fails = true
    press('Read again')
    await see('could not be read again')
    expect(now()).toContain('Northwind')
  })
})
