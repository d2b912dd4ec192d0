/** Filters that are asked for less often, in one place; each that is set stands below as what takes it away. */
import { Button, NumberInput, Popover, Select, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { OPEN_STATES } from '../../../contracts/customer-terms.ts'
import { minorDigits } from '../../../contracts/money.ts'
import { useFrame, useWords } from '../../api/frame.ts'
import { STATES } from '../../words/states.ts'
import type { CustomerQuery, FilterName } from './query.ts'
import { CHANGED_WORDS } from './words.ts'
import style from './customers.module.css'

export function MoreFilters({ query: { filter, set } }: { query: CustomerQuery }) {
  const [open, popover] = useDisclosure(false)
  const frame = useFrame()
  const currency =
    filter['currency'] === undefined || filter['currency'] === 'none' ? frame.currency : filter['currency']
  const unit = 10 ** minorDigits(currency)
  return (
    <Popover
      opened={open}
      onChange={popover.toggle}
      position="bottom-start"
      width={300}
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <Button variant="default" size="xs" onClick={popover.toggle}>
          More
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="More filters">
        <Stack gap="sm">
          <NumberInput
            label="Renews within, days"
            size="xs"
            min={0}
            max={3650}
            allowDecimal={false}
            value={filter['renewsWithin'] ?? ''}
            onChange={(value) => set({ renewsWithin: String(value) }, { replace: true })}
            data-autofocus
          />
          <Select
            label="Level"
            placeholder="Whether it changed or not"
            size="xs"
            clearable
            comboboxProps={WITHIN}
            data={Object.entries(CHANGED_WORDS).map(([value, label]) => ({ value, label }))}
            value={filter['changed'] ?? null}
            onChange={(changed) => set({ changed })}
          />
          <NumberInput
            label="Level changed within, days"
            size="xs"
            min={1}
            max={3650}
            allowDecimal={false}
            value={filter['changedWithin'] ?? ''}
            onChange={(value) => set({ changedWithin: String(value) }, { replace: true })}
          />
          <Select
            label="What happens"
            placeholder="Whatever happens"
            size="xs"
            clearable
            comboboxProps={WITHIN}
            data={[{ value: 'any', label: 'Something is open' }, ...OPEN]}
            value={filter['intervention'] ?? null}
            onChange={(intervention) => set({ intervention })}
          />
          <Select
            label="What is known"
            placeholder="Much or little"
            size="xs"
            clearable
            comboboxProps={WITHIN}
            data={[
              { value: 'true', label: 'Too little to rely on' },
              { value: 'false', label: 'Enough' },
            ]}
            value={filter['lowData'] ?? null}
            onChange={(lowData) => set({ lowData })}
          />
          <NumberInput
            label={`Value at risk at least, ${currency}`}
            size="xs"
            min={0}
            max={90_000_000_000}
            decimalScale={2}
            thousandSeparator=","
            value={filter['minValue'] === undefined ? '' : Number(filter['minValue']) / unit}
            onChange={(value) =>
              set(
                value === ''
                  ? { minValue: null, currency: null }
                  : {
                      minValue: String(Math.round(Number(value) * unit)),
                      currency,
                    },
                { replace: true },
              )
            }
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}

/** Its list opens within the popover, which would close at a click beside it. */
const WITHIN = { withinPortal: false } as const

type Open = (typeof OPEN_STATES)[number]
const OPEN = (['awaiting_approval', 'planned', 'deferred', 'snoozed', 'uncertain'] as const).map(
  (value: Open) => ({ value, label: STATES[value].word }),
)

/** What is set and stands on no button of its own. */
export function SetFilters({ query: { filter, set } }: { query: CustomerQuery }) {
  const words = useWords()
  const currency = filter['currency'] ?? ''
  const said: Readonly<Partial<Record<FilterName, (value: string) => string>>> = {
    renewsWithin: (days) => `Renews within ${words.many(Number(days), 'day')}`,
    changed: (how) => CHANGED_WORDS[how as keyof typeof CHANGED_WORDS] ?? how,
    changedSince: (at) => `Level changed since ${words.day(at.slice(0, 10))}`,
    changedWithin: (days) => `Level changed within ${words.many(Number(days), 'day')}`,
    cameSince: (at) => `Came since ${words.day(at.slice(0, 10))}`,
    leftSince: (at) => `Left since ${words.day(at.slice(0, 10))}`,
    lowData: (low) => (low === 'true' ? 'Little is known' : 'Enough is known'),
    intervention: (states) =>
      states === 'any'
        ? 'Something is open'
        : states
            .split(',')
            .map((state) => STATES[state as Open]?.word ?? state)
            .join(' or '),
    minValue: (minor) =>
      currency === '' ? `At least ${minor}` : `At least ${words.money(Number(minor), currency)}`,
    currency: (code) => (code === 'none' ? 'Value not known' : `In ${code}`),
    externalId: (id) => `Record ${id}`,
  }
  const pills = (Object.keys(said) as FilterName[]).filter(
    (name) => filter[name] !== undefined && !(name === 'currency' && filter['minValue'] !== undefined),
  )
  if (pills.length === 0) return null
  return (
    <div className={style.pills}>
      {pills.map((name) => {
        const text = said[name]?.(filter[name]) ?? name
        return (
          <Button
            key={name}
            size="compact-xs"
            variant="light"
            radius="xl"
            aria-label={`Take away: ${text}`}
            onClick={() => set(name === 'minValue' ? { minValue: null, currency: null } : { [name]: null })}
            rightSection={<span aria-hidden="true">×</span>}
          >
            {text}
          </Button>
        )
      })}
    </div>
  )
}
