/** Who counts as a customer, chosen by what the CRM knows: values of a property with their counts, everybody, a condition. */
import { Checkbox, Radio, Select, Stack, Textarea } from '@mantine/core'
import type { ConnectionAnswer } from '../../../server/api/connections.ts'
import type { PopulationAnswer } from '../../../server/api/setup-customers.ts'
import { useWords } from '../../api/frame.ts'
import style from './population-form.module.css'

export type Population = NonNullable<PopulationAnswer['population']>

/** Whether it says something already. */
export const isWhole = (population: Population): boolean =>
  population.kind === 'everyone' ||
  (population.kind === 'property' ? population.values.length > 0 : population.condition.trim() !== '')

export function PopulationForm({
  system,
  found,
  chosen,
  choose,
}: {
  system: ConnectionAnswer['system']
  found: PopulationAnswer
  chosen: Population | null
  choose(population: Population): void
}) {
  const { stages, proposed, records } = found
  const words = useWords()
  const [first] = stages
  const property =
    chosen?.kind === 'property'
      ? chosen.property
      : proposed?.kind === 'property'
        ? proposed.property
        : first?.property
  const stage = stages.find((one) => one.property === property) ?? first
  const kinds = [
    ...(stage === undefined ? [] : [{ value: 'property', label: 'By a field' }]),
    ...(system === 'Salesforce' ? [{ value: 'condition', label: 'By a condition of Salesforce' }] : []),
    { value: 'everyone', label: `Everybody: ${words.many(records, 'record')}` },
  ]
  const start = (kind: string): Population => {
    if (kind === 'everyone') return { kind }
    if (kind === 'condition') return { kind, condition: chosen?.kind === 'condition' ? chosen.condition : '' }
    return valuesOf(stage!.property, proposed)
  }
  return (
    <Stack gap="lg">
      <Radio.Group
        label="How they are told from others"
        value={chosen?.kind ?? null}
        onChange={(kind) => choose(start(kind))}
      >
        <Stack gap="xs" mt="xs">
          {kinds.map((one) => (
            <Radio key={one.value} {...one} />
          ))}
        </Stack>
      </Radio.Group>
      {chosen?.kind === 'property' && stage !== undefined && (
        <div>
          {stages.length > 1 && (
            <Select
              label="Field"
              allowDeselect={false}
              w={320}
              maw="100%"
              mb="md"
              data={stages.map(({ property: value, label }) => ({ value, label }))}
              value={stage.property}
              onChange={(next) => next !== null && choose(valuesOf(next, proposed))}
            />
          )}
          <Values
            stage={stage}
            chosen={chosen.property === stage.property ? chosen.values : []}
            choose={(values) => choose({ kind: 'property', property: stage.property, values: [...values] })}
          />
        </div>
      )}
      {chosen?.kind === 'condition' && (
        <Textarea
          label="Condition"
          description="What stands after WHERE in SOQL. Salesforce alone says who meets it."
          placeholder="Type = 'Customer' AND IsActive__c = true"
          value={chosen.condition}
          onChange={(event) => choose({ kind: 'condition', condition: event.currentTarget.value })}
          autosize
          minRows={2}
          maw={560}
        />
      )}
    </Stack>
  )
}

const valuesOf = (property: string, proposed: Population | null): Population => ({
  kind: 'property',
  property,
  values: proposed?.kind === 'property' && proposed.property === property ? [...proposed.values] : [],
})

/** Values with how many records have each; those that are chosen stand there even when none has them any more. */
function Values({
  stage,
  chosen,
  choose,
}: {
  stage: PopulationAnswer['stages'][number]
  chosen: readonly string[]
  choose(values: readonly string[]): void
}) {
  const words = useWords()
  const gone = chosen
    .filter((value) => stage.values.every((one) => one.value !== value))
    .map((value) => ({ value, label: value, records: 0 }))
  const most = Math.max(1, ...stage.values.map(({ records }) => records))
  return (
    <Checkbox.Group label={`${stage.label} is one of`} value={[...chosen]} onChange={choose}>
      <div className={style.values}>
        {[...stage.values, ...gone].map(({ value, label, records }) => (
          <div key={value} className={style.value}>
            <Checkbox value={value} label={label} aria-label={`${label}, ${words.many(records, 'record')}`} />
            <div className={style.track} aria-hidden="true">
              <div className={style.bar} style={{ width: `${(records / most) * 100}%` }} />
            </div>
            <span className={style.count}>{words.count(records)}</span>
          </div>
        ))}
      </div>
    </Checkbox.Group>
  )
}
