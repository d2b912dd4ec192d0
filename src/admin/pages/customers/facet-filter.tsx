/** Narrowing a list to kinds of one thing, each with how many there are: several of them hold any, and none holds all. */
import { Button, Checkbox, Popover, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import { NONE, joinValues, splitValues } from '../../../contracts/customer-terms.ts'
import type { CustomerFacetsAnswer } from '../../../server/api/customer-lists.ts'
import { useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { withQuery, type Filters } from '../../api/query-string.ts'
import { Failure } from '../../parts/loaded.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import style from './customers.module.css'

export type FacetName = Exclude<keyof NonNullable<CustomerFacetsAnswer['facets']>, 'moreResponsibles'>

export interface FacetFilterProps {
  readonly name: FacetName
  readonly label: string
  readonly filter: Filters
  /** Those that there may be although nobody is of them, or although it cannot be counted. */
  readonly always?: readonly string[]
  /** What holds where nothing is chosen; none: all of them. */
  readonly standard?: string
  wordOf(value: string, name: string | null): string
  set(value: string | null): void
}

interface Option {
  readonly value: string
  readonly word: string
  /** null: it cannot be counted while somebody waits. */
  readonly customers: number | null
}

/** From so many on they can be searched. */
const MANY = 10

export function FacetFilter(props: FacetFilterProps) {
  const { name, label, filter, standard, wordOf, set } = props
  const [open, popover] = useDisclosure(false)
  const [known, remember] = useState<Readonly<Record<string, string>>>({})
  const given = filter[name] ?? standard
  const chosen = given === undefined ? [] : splitValues(given)
  const shown =
    filter[name] === undefined ? '' : chosen.map((value) => known[value] ?? wordOf(value, null)).join(', ')
  return (
    <Popover
      opened={open}
      onChange={popover.toggle}
      position="bottom-start"
      width={280}
      trapFocus
      returnFocus
      keepMounted={false}
    >
      <Popover.Target>
        <Button variant="default" size="xs" onClick={popover.toggle}>
          {label}
          {shown !== '' && <span className={style.set}>: {short(shown)}</span>}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={label}>
        {open && (
          <Options
            {...props}
            chosen={chosen}
            choose={(values, words) => {
              remember((before) => ({ ...before, ...words }))
              const next = joinValues(values)
              set(values.length === 0 || next === standard ? null : next)
            }}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

const short = (text: string): string => (text.length > 34 ? `${text.slice(0, 33)}…` : text)

function Options({
  name,
  label,
  filter,
  always = [],
  wordOf,
  chosen,
  choose,
}: FacetFilterProps & {
  readonly chosen: readonly string[]
  choose(values: readonly string[], words: Readonly<Record<string, string>>): void
}) {
  const words = useWords()
  const [search, setSearch] = useState('')
  // Of which kinds they would be if this one were not asked for: else those not chosen would all be nought.
  const others = { ...filter, [name]: name === 'status' ? 'active,left,deleted' : null }
  const read = useRead<CustomerFacetsAnswer>(withQuery('/v1/customers/facets', others))
  if (read.data === undefined)
    return read.error === null ? (
      <RowsPending rows={4} height={30} />
    ) : (
      <Failure error={read.error} retry={() => void read.refetch()} />
    )
  const { facets } = read.data
  const options = optionsOf(facets?.[name] ?? null, { always, chosen, wordOf })
  const matching = options.filter(({ word }) => word.toLowerCase().includes(search.trim().toLowerCase()))
  const more = name === 'responsible' ? (facets?.moreResponsibles ?? 0) : 0
  return (
    <>
      {options.length > MANY && (
        <TextInput
          aria-label={`Search: ${label}`}
          placeholder="Search"
          size="xs"
          mb={10}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          data-autofocus
        />
      )}
      {facets === null && (
        <p className="note" style={ABOVE}>
          Too many to count while you wait. A search or another filter helps.
        </p>
      )}
      {options.length === 0 && facets !== null && <p className="note">There is none.</p>}
      <fieldset className={style.options} aria-label={label}>
        {matching.map(({ value, word, customers }) => (
          <Checkbox
            key={value}
            size="xs"
            checked={chosen.includes(value)}
            onChange={(event) =>
              choose(
                event.currentTarget.checked ? [...chosen, value] : chosen.filter((one) => one !== value),
                { [value]: word },
              )
            }
            styles={WIDE}
            label={
              <span className={style.option}>
                <span>{word}</span>
                <span className="note">{customers === null ? '' : words.count(customers)}</span>
              </span>
            }
          />
        ))}
      </fieldset>
      {more > 0 && <p className="note">And {words.count(more)} more with fewer customers.</p>}
    </>
  )
}

const WIDE = { body: { width: '100%' }, labelWrapper: { flex: 1 }, label: { display: 'block' } } as const
const ABOVE = { marginBottom: 8 } as const

function optionsOf(
  facet: readonly { value: string | null; name?: string | null; customers: number }[] | null,
  {
    always,
    chosen,
    wordOf,
  }: {
    readonly always: readonly string[]
    readonly chosen: readonly string[]
    wordOf(value: string, name: string | null): string
  },
): readonly Option[] {
  const counted = (facet ?? []).map(({ value, name = null, customers }) => ({
    value: value ?? NONE,
    word: wordOf(value ?? NONE, name),
    customers,
  }))
  const missing = [...new Set([...always, ...chosen])]
    .filter((value) => counted.every((one) => one.value !== value))
    .map((value) => ({ value, word: wordOf(value, null), customers: facet === null ? null : 0 }))
  return [...counted, ...missing]
}
