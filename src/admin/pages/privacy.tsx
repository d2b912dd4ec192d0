/** Data and privacy: what is held of a person, forgetting and telling them, and for how long things are kept. */
import { Tabs } from '@mantine/core'
import { useMay } from '../api/frame.ts'
import { useFilters } from '../api/query-string.ts'
import { PageHead } from '../parts/page-head.tsx'
import { History } from './privacy/history.tsx'
import { OnePerson } from './privacy/person.tsx'
import { Periods } from './privacy/periods.tsx'
import style from './privacy/privacy.module.css'

type Shown = 'person' | 'done' | 'periods'

export function PrivacyPage() {
  const admin = useMay('admin')
  const [filters, setFilters] = useFilters()
  const asked = filters['show']
  const shown: Shown = !admin || asked === 'periods' ? 'periods' : asked === 'done' ? 'done' : 'person'
  const customer = Number(filters['customer'])
  return (
    <>
      <PageHead title={HEADS[shown].title}>
        {HEADS[shown].lead}
        {!admin && ' Admins look for people, give out what is held of them, and erase them.'}
      </PageHead>
      {admin ? (
        <Tabs
          value={shown}
          onChange={(value) => setFilters({ show: value === 'person' ? null : value })}
          keepMounted={false}
        >
          <Tabs.List mb="sm">
            <Tabs.Tab value="person">A person</Tabs.Tab>
            <Tabs.Tab value="done">What was done</Tabs.Tab>
            <Tabs.Tab value="periods">Periods</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="person" className={style.panel}>
            <OnePerson customer={Number.isSafeInteger(customer) && customer > 0 ? customer : null} />
          </Tabs.Panel>
          <Tabs.Panel value="done" className={style.panel}>
            <History />
          </Tabs.Panel>
          <Tabs.Panel value="periods" className={style.panel}>
            <Periods />
          </Tabs.Panel>
        </Tabs>
      ) : (
        <Periods />
      )}
    </>
  )
}

const HEADS: Readonly<Record<Shown, { readonly title: string; readonly lead: string }>> = {
  person: {
    title: 'What is held of a person',
    lead: 'Look for somebody who asks: what is held of them over all connections, as a file for them, or gone.',
  },
  done: {
    title: 'Who was erased or told, and when',
    lead: 'Without whom: nothing here says that.',
  },
  periods: {
    title: 'What is old enough goes by itself',
    lead: 'Once a day, by the periods of the settings. What follows the customer goes with the customer.',
  },
}
