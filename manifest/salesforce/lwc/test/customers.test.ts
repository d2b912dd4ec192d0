import { describe, expect, it } from 'vitest'
import { mine, mineAfter, nobody } from './cards.ts'
import { refused, stage, type Answering } from './stage.ts'

const open = (answer: Answering) => stage('holdfastCustomers', answer)

describe('the customers by value at risk in Salesforce', () => {
  it('stand in their order, with what is not known said as that', async () => {
    const { asked, now, see, warned } = await open(() => mine)
    expect(now()).toContain('… Loading customers')
    await expect(await see('Contoso')).toMatchFileSnapshot('outlines/customers.txt')
    expect(asked).toEqual([
      { method: 'HoldfastCustomers.readCustomers', parameters: { whose: 'mine', after: null } },
    ])
    expect(warned).toEqual([])
  })

  it('open their record as Salesforce does, and have an address for another tab', async () => {
    const { all, see, went } = await open(() => mine)
    await see('Contoso')
    const link = all().find((one) => one.localName === 'a' && one.textContent === 'Northwind')!
    expect(link.getAttribute('href')).toBe('/001Hp00000000512AA')
    link.click()
    expect(went).toEqual([
      {
        type: 'standard__recordPage',
        attributes: { recordId: '001Hp00000000512AA', objectApiName: 'Account', actionName: 'view' },
      },
    ])
  })

  it('are turned over page by page, and the keyboard goes on from the number of the page', async () => {
    const { asked, focused, has, press, see } = await open((_method, { after }) =>
      after === null ? mine : mineAfter,
    )
    await see('[Next customers]')
    expect(has('Back')).toBe(false)
    press('Next customers')
    await expect(await see('Page 2')).toMatchFileSnapshot('outlines/customers-second-page.txt')
    expect(focused().textContent).toBe('Page 2')
    expect(has('Next customers')).toBe(false)
    press('Back')
    await see('Northwind')
    expect(asked.map(({ parameters }) => parameters.after)).toEqual([null, 'after-77', null])
  })

  it("are somebody's own or all, for those who may see all", async () => {
    const { asked, fill, press, see } = await open((_method, { whose }) =>
      whose === 'mine' ? mine : { ...mine, whose: 'all', sentence: '€412,300 a year is at risk.' },
    )
    await see('Whose customers <Mine>')
    press('Next customers')
    await see('Page 2')
    fill('whose', 'all')
    await see('€412,300')
    expect(asked.at(-1)!.parameters).toEqual({ whose: 'all', after: null })
  })

  it('may be none, and it is said what will be here', async () => {
    const { all, see } = await open(() => nobody)
    await expect(await see('Nobody is at risk here')).toMatchFileSnapshot('outlines/customers-nobody.txt')
    expect(all().some(({ localName }) => localName === 'select')).toBe(false)
  })

  it('are read again when they could not be read', async () => {
    let fails = true
    const { press, see } = await open(() => {
      if (fails) throw refused('You are not invited to Holdfast. Ask your admin.')
      return mine
    })
    await expect(await see('You are not invited')).toMatchFileSnapshot('outlines/customers-failed.txt')
    fails = false
    press('Try again')
    await see('Northwind')
  })

  it('lead back to the beginning from a page that cannot be read', async () => {
    const { press, see } = await open((_method, { after }) => {
      if (after !== null) throw refused('This page is no longer there.')
      return mine
    })
    await see('[Next customers]')
    press('Next customers')
    await see('This page is no longer there.')
    press('From the beginning')
    await see('Northwind')
  })

  it('stay when they could not be read again', async () => {
    let reads = 0
    const { press, see, now } = await open(() => {
      if (reads++ > 0) throw refused('Holdfast did not answer.')
      return mine
    })
    await see('Northwind')
    press('Read again')
    await see('This could not be read again\nHoldfast did not answer.')
    expect(now()).toContain('Northwind')
  })
})
