/** The customers behind the figures: whose action would be another, and which. */
import { Button, Select, Switch } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { useWords } from '../../api/frame.ts'
import { useList } from '../../api/queries.ts'
import { saveFile } from '../../api/save-file.ts'
import { ListTable, type Column } from '../../parts/data-table.tsx'
import { Failure } from '../../parts/loaded.tsx'
import { Section } from '../../parts/section.tsx'
import type { WhatIfAnswer, WhatIfRowAnswer } from '../../../server/api/what-if-shapes.ts'
import type { Change } from './change.ts'
import { MOVERS, useMoverFilter } from './mover-filter.ts'
import style from './what-if.module.css'

export function Movers({ answer, change }: { answer: WhatIfAnswer; change: Change }) {
  const words = useWords()
  const { filter, set } = useMoverFilter()
  const { from, to, all } = filter
  const body = {
    change,
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
    all,
  }
  const list = useList<WhatIfRowAnswer>('/v1/what-if/customers?limit=25', { body })
  const names = new Map(answer.actions.map(({ key, name }) => [key, name]))
  const choices = answer.actions.map(({ key, name }) => ({ value: key, label: name }))
  const money = (minor: number | null): string =>
    minor === null ? 'not known' : words.money(minor, answer.currency)
  const columns: readonly Column<WhatIfRowAnswer>[] = [
    {
      key: 'customer',
      title: 'Customer',
      phone: 'first',
      cell: ({ customer, name, externalId }) => (
        <Link href={`/app/customers/${customer}`} className="strong">
          {name ?? externalId}
        </Link>
      ),
    },
    { key: 'from', title: 'Now', cell: (one) => names.get(one.from) ?? one.from },
    { key: 'to', title: 'Then', phone: 'first', cell: (one) => names.get(one.to) ?? one.to },
    {
      key: 'cost',
      title: 'Cost, now and then',
      figure: true,
      cell: ({ costNowMinor, costThenMinor }) => `${money(costNowMinor)} → ${money(costThenMinor)}`,
    },
    {
      key: 'expected',
      title: 'Expected margin, now and then',
      figure: true,
      cell: ({ expectedNowMinor, expectedThenMinor }) =>
        `${money(expectedNowMinor)} → ${money(expectedThenMinor)}`,
    },
  ]
  return (
    <div id={MOVERS} tabIndex={-1}>
      <Section
        title={
          all
            ? 'Customers'
            : `Customers whose action would be another: ${words.count(movedOf(answer, from, to))}`
        }
        aside={<Save body={body} disabled={list.items === undefined || list.items.length === 0} />}
      >
        <div className={style.bar}>
          <Select
            label="Now"
            placeholder="Anything"
            clearable
            data={choices}
            value={from}
            onChange={(key) => set({ ...filter, from: key })}
          />
          <Select
            label="Then"
            placeholder="Anything"
            clearable
            data={choices}
            value={to}
            onChange={(key) => set({ ...filter, to: key })}
          />
          <Switch
            label="Also those whose action stays"
            checked={all}
            onChange={({ currentTarget }) => set({ ...filter, all: currentTarget.checked })}
            mb={8}
          />
        </div>
        <ListTable
          caption="Customers, with their action now and then"
          columns={columns}
          list={list}
          id={({ customer }) => customer}
          empty={{
            title: answer.moved === 0 ? 'Nobody would be treated otherwise' : 'Nobody is like that',
            text:
              answer.moved === 0
                ? 'Turn something above: whoever would get another action stands here at once.'
                : 'Take a filter away.',
          }}
        />
      </Section>
    </div>
  )
}

function movedOf({ flow }: WhatIfAnswer, from: string | null, to: string | null): number {
  return flow.reduce(
    (sum, one) =>
      (from === null || one.from === from) && (to === null || one.to === to) ? sum + one.customers : sum,
    0,
  )
}

function Save({ body, disabled }: { body: object; disabled: boolean }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Error | null>(null)
  const save = async (): Promise<void> => {
    setBusy(true)
    setError(null)
    await saveFile('/v1/what-if/customers?format=csv', body, 'what-if.csv').catch(setError)
    setBusy(false)
  }
  return (
    <>
      <Button variant="default" size="xs" onClick={() => void save()} loading={busy} disabled={disabled}>
        Save as CSV
      </Button>
      {error !== null && <Failure error={error} retry={() => void save()} />}
    </>
  )
}
