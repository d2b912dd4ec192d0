/** One setting: its name and meaning, its input, whether it was changed and what it was. */
import { useId } from 'react'
import type { Control, Field } from '../../settings/controls.ts'
import type { FormValue } from '../../settings/form-values.ts'
import { stepsOf } from '../../settings/path.ts'
import { same } from '../../settings/same.ts'
import { valueWords } from '../../settings/words.ts'
import { Input, isLeaf, isWide } from './input.tsx'
import { useSurroundings } from './surroundings.ts'
import { Told } from './told.tsx'
import style from './form.module.css'

export interface FieldRowProps {
  readonly field: Field
  /** As it is saved. */
  readonly saved: unknown
  readonly value: FormValue | undefined
  readonly isChanged: boolean
  /** Of somebody who may only look. */
  readonly fixed: boolean
  change(value: FormValue | undefined): void
  undo(): void
  toDefault(): void
}

/** The element that an address with `field` leads to. */
export const rowId = (path: string): string => `field-${path}`

export function FieldRow({ field, saved, value, isChanged, fixed, change, undo, toDefault }: FieldRowProps) {
  const { control, title, about, path, none, unset } = field
  const id = useId()
  const words = useSurroundings()
  const steps = stepsOf(path)
  const wide = isWide(control) || (fixed && control.kind === 'text' && control.many)
  const said = (of: unknown): string => valueWords(field, of, words)
  const open = none ?? unset
  const emptySays = isEmptied(control) && open !== null && open !== 'None' ? lower(open) : null
  const isStandard = field.default === undefined || field.default === null || same(saved, field.default)
  const showsStandard = !isChanged && !isStandard && !fixed && !field.secret && !wide
  return (
    <div
      id={rowId(path)}
      tabIndex={-1}
      className={`${style.row} ${wide ? style.wideRow : ''} ${isChanged ? style.changed : ''}`}
    >
      <div className={style.said}>
        {fixed || !isLeaf(control) ? (
          <div id={id} className={style.title}>
            {title}
          </div>
        ) : (
          <label htmlFor={id} className={style.title}>
            {title}
          </label>
        )}
        <p className="note">{sentence(about)}</p>
      </div>
      <div
        className={style.control}
        {...(isLeaf(control) || fixed ? {} : { role: 'group', 'aria-labelledby': id })}
      >
        {fixed ? (
          <div className={style.value}>
            <Told control={control} none={none} unset={unset} value={saved} />
          </div>
        ) : (
          <Input
            control={control}
            none={none}
            unset={unset}
            title={title}
            steps={steps}
            id={id}
            value={value}
            change={change}
          />
        )}
        <div className={style.state}>
          {!fixed && emptySays !== null && value !== null && <span>Empty: {emptySays}</span>}
          {isChanged && (
            <>
              <span className={style.was}>
                {field.secret ? 'Changed' : `Was ${wide ? clip(said(saved)) : said(saved)}`}
              </span>
              <button type="button" className={style.link} onClick={undo}>
                Undo<span className="unseen"> {title}</span>
              </button>
            </>
          )}
          {showsStandard && (
            <>
              <span>Ships as {said(field.default)}</span>
              <button type="button" className={style.link} onClick={toDefault}>
                Use that<span className="unseen"> for {title}</span>
              </button>
            </>
          )}
        </div>
      </div>
    </div>
  )
}

/** Where an empty input says something. */
const isEmptied = ({ kind }: Control): boolean =>
  ['number', 'percent', 'money', 'duration', 'text'].includes(kind)

const lower = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`

const clip = (text: string): string => (text.length > 120 ? `${text.slice(0, 119)}…` : text)

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
