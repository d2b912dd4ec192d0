/** How levels are told, as a form. */
import { Group, NumberInput, Radio, Stack } from '@mantine/core'

export interface LevelSetting {
  readonly kind: 'multiple' | 'fixed' | 'reference'
  readonly high?: number
  readonly medium?: number
  readonly capacity?: { readonly customers?: number; readonly share?: number }
}

const KINDS = [
  {
    value: 'multiple',
    label: 'By how many times the usual risk',
    description: 'Stays right when the usual risk changes. Recommended.',
  },
  {
    value: 'fixed',
    label: 'From a risk that you name',
    description: 'The same percentage, whatever is usual.',
  },
  { value: 'reference', label: 'High from 70 %, medium from 40 %', description: 'A common convention.' },
] as const

const STARTS: Readonly<Record<LevelSetting['kind'], Pick<LevelSetting, 'high' | 'medium'>>> = {
  multiple: { high: 2, medium: 1 },
  fixed: { high: 0.3, medium: 0.15 },
  reference: {},
}

export function LevelForm({
  levels,
  wrong,
  set,
}: {
  levels: LevelSetting
  wrong: ReadonlyMap<string, string>
  set(levels: LevelSetting): void
}) {
  const { kind, capacity } = levels
  const kept = capacity === undefined ? {} : { capacity }
  const number = (name: 'high' | 'medium') => {
    const value = levels[name] ?? STARTS[kind][name] ?? 0
    const error = wrong.get(`levels.${name}`)
    return kind === 'fixed' ? (
      <NumberInput
        label={name === 'high' ? 'High from a risk of' : 'Medium from a risk of'}
        suffix=" %"
        min={0}
        max={100}
        step={1}
        decimalScale={1}
        value={Math.round(value * 1000) / 10}
        onChange={(next) => typeof next === 'number' && set({ ...levels, [name]: next / 100 })}
        error={error}
        w={180}
      />
    ) : (
      <NumberInput
        label={name === 'high' ? 'High from' : 'Medium from'}
        suffix=" × the usual risk"
        min={1}
        max={50}
        step={0.1}
        decimalScale={2}
        value={value}
        onChange={(next) => typeof next === 'number' && next >= 1 && set({ ...levels, [name]: next })}
        error={error}
        w={220}
      />
    )
  }
  const most = capacity?.customers
  return (
    <Stack gap="lg">
      <Radio.Group
        label="A customer is at high risk"
        value={kind}
        onChange={(next) =>
          set({ kind: next as LevelSetting['kind'], ...STARTS[next as LevelSetting['kind']], ...kept })
        }
      >
        <Stack gap="sm" mt="xs">
          {KINDS.map((one) => (
            <Radio key={one.value} {...one} />
          ))}
        </Stack>
      </Radio.Group>
      {kind !== 'reference' && (
        <Group align="start" gap="md">
          {number('high')}
          {number('medium')}
        </Group>
      )}
      <NumberInput
        label="At most so many are high"
        description={
          capacity?.share === undefined
            ? 'As many as your team can look after. Empty: no limit.'
            : `Now at most ${Math.round(capacity.share * 1000) / 10} % of all. A number replaces that.`
        }
        placeholder="No limit"
        min={0}
        allowDecimal={false}
        value={most ?? ''}
        onChange={(next) => {
          const { capacity: _, ...rest } = levels
          set(typeof next === 'number' ? { ...rest, capacity: { customers: next } } : rest)
        }}
        error={wrong.get('levels.capacity.customers') ?? wrong.get('levels.capacity')}
        w={300}
        maw="100%"
      />
    </Stack>
  )
}
