/** Which column says who left, by which values, and what that means; of a connection also what Holdfast saw itself. */
import { NumberInput, Select, TagsInput, TextInput } from '@mantine/core'
import { useWords } from '../../api/frame.ts'
import type { TrainingLookAnswer } from '../../../server/api/training.ts'
import { NAME, type Choices } from './choices.ts'
import style from './training.module.css'

const SEEN = 'seen '

export function WhoLeft({
  found,
  choices,
  change,
}: {
  found: TrainingLookAnswer
  choices: Choices
  change: (some: Partial<Choices>) => void
}) {
  const words = useWords()
  const { targets, target, columns, minimum, outcomes } = found
  const likely = targets.map(({ column, churned, kept }) => ({
    value: column,
    label: churned === null || kept === null ? column : `${column} (${words.count(churned)} left)`,
  }))
  const others = columns
    .map(({ column }) => column)
    .filter((column) => targets.every((one) => one.column !== column))
  const windows = outcomes?.windows ?? []
  const value =
    choices.outcomeDays !== null
      ? `${SEEN}${choices.outcomeDays}`
      : (choices.column ?? target?.column ?? null)
  const choose = (given: string | null): void =>
    given?.startsWith(SEEN) === true
      ? change({ outcomeDays: Number(given.slice(SEEN.length)), column: null, positive: null })
      : change({ outcomeDays: null, column: given, positive: null })
  const named = choices.outcomeDays === null
  return (
    <>
      <p className="second">
        {minimum.sentence}
        {target !== null &&
          target.unknown > 0 &&
          ` Of ${words.many(target.unknown, 'row')} it is not known; they are not used.`}
        {outcomes !== null && ` ${outcomes.sentence}`}
      </p>
      <div className={style.fields}>
        <Select
          label="Who left is said by"
          placeholder="Choose a column"
          searchable
          value={value}
          onChange={choose}
          nothingFoundMessage="No column is called that"
          data={[
            ...(windows.length === 0
              ? []
              : [
                  {
                    group: 'What Holdfast saw',
                    items: windows.map(({ days, churned }) => ({
                      value: `${SEEN}${days}`,
                      label: `Left within ${days} days (${words.count(churned)} left)`,
                    })),
                  },
                ]),
            ...(likely.length === 0 ? [] : [{ group: 'Columns that could say it', items: likely }]),
            ...(others.length === 0 ? [] : [{ group: 'Other columns', items: others }]),
          ]}
        />
        {named && (
          <TagsInput
            label="Values that mean “left”"
            description="Empty: read from the column, where it is plain"
            inputWrapperOrder={ORDER}
            value={[...(choices.positive ?? target?.positive ?? [])]}
            onChange={(positive) => change({ positive: positive.length === 0 ? null : positive })}
            disabled={value === null}
          />
        )}
        {named && (
          <NumberInput
            label="It says who left within"
            description="Empty: who had left when the data was taken"
            inputWrapperOrder={ORDER}
            suffix=" days"
            min={1}
            max={3650}
            allowDecimal={false}
            value={choices.horizonDays ?? ''}
            onChange={(days) => change({ horizonDays: typeof days === 'number' ? days : null })}
          />
        )}
        <TextInput
          label="The data is of"
          description="Empty: of today, or as the file says"
          inputWrapperOrder={ORDER}
          type="date"
          value={choices.asOf ?? ''}
          onChange={({ currentTarget }) =>
            change({ asOf: currentTarget.value === '' ? null : currentTarget.value })
          }
        />
        <TextInput
          label="Name of the model"
          description="Letters, digits, dots and dashes"
          inputWrapperOrder={ORDER}
          value={choices.name}
          onChange={({ currentTarget }) => change({ name: currentTarget.value })}
          error={NAME.test(choices.name) ? null : 'Begin with a letter or digit; at most 48, no blanks'}
        />
      </div>
    </>
  )
}

const ORDER: ('label' | 'input' | 'description' | 'error')[] = ['label', 'input', 'description', 'error']
