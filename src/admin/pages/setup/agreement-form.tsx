/** The source of agreements as a form. What it does not show of a source that stands already is kept as it is. */
import { Group, MultiSelect, NumberInput, Radio, Select, Stack } from '@mantine/core'
import type { AgreementsAnswer } from '../../../server/api/setup-agreements.ts'

export type Source = AgreementsAnswer['current']
type Kind = AgreementsAnswer['groups'][number]['from']

export const FROM: Readonly<Record<string, string>> = {
  properties: 'Fields of the customer, as mapped above',
  deals: 'Its deals',
  opportunities: 'Its opportunities',
  contracts: 'Its contracts',
}

/** What each system calls the same. */
const NAMES: Readonly<
  Record<
    Kind,
    { readonly stages: string; readonly amount: string; readonly renewal: string; readonly notice: string }
  >
> = {
  deals: { stages: 'stages', amount: 'amountProperty', renewal: 'renewalProperty', notice: 'noticeProperty' },
  opportunities: { stages: 'stages', amount: 'amountField', renewal: 'renewalField', notice: 'noticeField' },
  contracts: { stages: 'statuses', amount: 'amountField', renewal: 'renewalField', notice: 'noticeField' },
}

/** Of a year, which most agreements are for. */
const MONTHS = 12

/** Whether it says enough to be tried: contracts have no amount of their own. */
export const isWhole = (source: Source): boolean =>
  source.from !== 'contracts' || typeof source['amountField'] === 'string'

const start = (kind: string): Source =>
  kind === 'deals'
    ? { from: kind, pipeline: null, stages: [], periodMonths: MONTHS }
    : kind === 'properties'
      ? { from: kind }
      : { from: kind, periodMonths: MONTHS }

export function AgreementForm({
  found: { current, groups },
  chosen,
  choose,
}: {
  found: AgreementsAnswer
  chosen: Source
  choose(source: Source): void
}) {
  const group = groups.find(({ from }) => from === chosen.from)
  return (
    <Stack gap="md">
      <Radio.Group
        label="Amount, period and renewal come from"
        value={chosen.from}
        onChange={(kind) => choose(kind === current.from ? current : start(kind))}
      >
        <Stack gap="xs" mt="xs">
          {['properties', ...groups.map(({ from }) => from)].map((from) => (
            <Radio key={from} value={from} label={FROM[from]} />
          ))}
        </Stack>
      </Radio.Group>
      {group !== undefined && <Details group={group} chosen={chosen} choose={choose} />}
    </Stack>
  )
}

function Details({
  group: { from, pipelines, amounts, dates },
  chosen,
  choose,
}: {
  group: AgreementsAnswer['groups'][number]
  chosen: Source
  choose(source: Source): void
}) {
  const names = NAMES[from]
  const text = (name: string): string | null => {
    const value = chosen[name]
    return typeof value === 'string' ? value : null
  }
  const set = (name: string, value: unknown): void => {
    const { [name]: _, ...rest } = chosen
    choose({ ...(value === null ? rest : { ...rest, [name]: value }), from: chosen.from })
  }
  const pipeline = pipelines.find(({ id }) => id === text('pipeline'))
  const stages = (pipeline === undefined ? pipelines : [pipeline]).flatMap((one) => one.stages)
  const unique = [...new Map(stages.map((stage) => [stage.value, stage])).values()]
  const listed = chosen[names.stages]
  const months = chosen['periodMonths']
  return (
    <Group align="end" gap="md">
      {from === 'deals' && (
        <Select
          label="Pipeline"
          placeholder="Every one"
          clearable
          data={pipelines.map(({ id, label }) => ({ value: id, label }))}
          value={text('pipeline')}
          onChange={(value) => choose({ ...chosen, pipeline: value, stages: [] })}
          w={200}
        />
      )}
      <MultiSelect
        label={from === 'contracts' ? 'Runs while its status is' : 'Runs while its stage is'}
        placeholder={from === 'deals' ? 'Any' : 'As it ships'}
        data={unique}
        value={Array.isArray(listed) ? listed.map(String) : []}
        onChange={(value) => set(names.stages, value)}
        w={300}
        maw="100%"
      />
      <Select
        label="Amount"
        placeholder={from === 'contracts' ? 'Choose one' : 'The usual one'}
        clearable={from !== 'contracts'}
        searchable
        data={[...amounts]}
        value={text(names.amount)}
        onChange={(value) => set(names.amount, value)}
        w={200}
      />
      {typeof months === 'object' && months !== null ? (
        <p className="note">The months that an amount is for are read from a field.</p>
      ) : (
        <NumberInput
          label="Months that it is for"
          min={1}
          max={1200}
          allowDecimal={false}
          value={typeof months === 'number' ? months : MONTHS}
          onChange={(value) => typeof value === 'number' && set('periodMonths', value)}
          w={150}
        />
      )}
      <Select
        label="Renews on"
        placeholder={from === 'deals' ? 'Not known' : 'The usual one'}
        clearable
        data={[...dates]}
        value={text(names.renewal)}
        onChange={(value) => set(names.renewal, value)}
        w={200}
      />
      <Select
        label="Notice by"
        placeholder="Not known"
        clearable
        data={[...dates]}
        value={text(names.notice)}
        onChange={(value) => set(names.notice, value)}
        w={200}
      />
    </Group>
  )
}
