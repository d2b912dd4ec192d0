/** The actions, one a row: whether it is used, what it costs once and for how long, how many at most, who says yes. */
import { NumberInput, Switch } from '@mantine/core'
import type { FormAnswer } from '../../../server/api/settings-form.ts'
import { minorDigits } from '../../../contracts/money.ts'
import { useWords } from '../../api/frame.ts'
import type { SettingsEditing } from '../../api/settings-edits.ts'
import { Section } from '../../parts/section.tsx'
import style from './action-rows.module.css'

type Row = FormAnswer['actions'][number]

const CHANNELS: Readonly<Record<Row['channel'], string>> = {
  email: 'E-mail',
  sms: 'SMS',
  task: 'A person does it',
}

export function ActionRows({ form, settings }: { form: FormAnswer; settings: SettingsEditing }) {
  return (
    <Section title="What may be done">
      <ul className={style.rows}>
        {form.actions.map((row) => (
          <ActionRow key={row.key} row={row} currency={form.currency} settings={settings} />
        ))}
      </ul>
    </Section>
  )
}

function ActionRow({ row, currency, settings }: { row: Row; currency: string; settings: SettingsEditing }) {
  const words = useWords()
  const { name, base, carriedOutBy, discount, approval } = row
  const at = (field: string): string => `${base}.${field}`
  /** As it would be: what nobody set is as the catalogue has it. */
  const now = <T,>(field: string, standing: T): T => (settings.edits[at(field)] as T | undefined) ?? standing
  const nullable = <T,>(field: string, standing: T): T =>
    at(field) in settings.edits ? (settings.edits[at(field)] as T) : standing
  const enabled = now('enabled', row.enabled)
  const fixed = now('fixedCost', row.cost.fixedCostMinor / 10 ** minorDigits(currency))
  const share = now('share', row.cost.share)
  const months = now('durationMonths', row.cost.durationMonths)
  const capacity = nullable('capacity', row.capacity)
  const error = (field: string): string | undefined => settings.wrong.get(at(field))
  /** Back where it stood, it is no change. */
  const set = (field: string, value: unknown, standing: unknown): void =>
    settings.set(at(field), value === standing ? settings.saved(at(field)) : value)
  return (
    <li className={enabled ? undefined : style.off}>
      <div className={style.name}>
        <Switch
          checked={enabled}
          onChange={(event) => set('enabled', event.currentTarget.checked, row.enabled)}
          label={<span className="strong">{name}</span>}
        />
        <div className="note">
          {CHANNELS[carriedOutBy]}
          {discount > 0 && `, ${words.percent(discount)} off`}.{' '}
          {approval.needed ? 'A person says yes first.' : 'Goes by itself.'}
        </div>
      </div>
      {enabled && (
        <div className={style.costs}>
          <NumberInput
            label="Once"
            aria-label={`${name}: cost, once`}
            prefix={words.money(0, currency).replace(/[\d.,]/g, '')}
            min={0}
            decimalScale={minorDigits(currency)}
            value={fixed}
            onChange={(value) =>
              typeof value === 'number' &&
              set('fixedCost', value, row.cost.fixedCostMinor / 10 ** minorDigits(currency))
            }
            error={error('fixedCost')}
          />
          <NumberInput
            label="Of the amount"
            aria-label={`${name}: cost, of what is paid a month`}
            suffix=" %"
            min={0}
            max={100}
            decimalScale={2}
            value={Math.round(share * 1e4) / 100}
            onChange={(value) => typeof value === 'number' && set('share', value / 100, row.cost.share)}
            error={error('share')}
          />
          <NumberInput
            label="For months"
            aria-label={`${name}: for how many months`}
            min={1}
            max={60}
            allowDecimal={false}
            disabled={share === 0}
            value={months}
            onChange={(value) =>
              typeof value === 'number' && set('durationMonths', value, row.cost.durationMonths)
            }
            error={error('durationMonths')}
          />
          <NumberInput
            label="At most"
            aria-label={`${name}: at most in a period`}
            placeholder="No limit"
            min={0}
            allowDecimal={false}
            value={capacity ?? ''}
            onChange={(value) => set('capacity', typeof value === 'number' ? value : null, row.capacity)}
            error={error('capacity')}
          />
        </div>
      )}
    </li>
  )
}
