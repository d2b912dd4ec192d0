/** What the actions would come to over everybody, decided as the real thing does; and how small an effect would show. */
import { Link } from 'wouter'
import type { PlanDraftAnswer } from '../../../server/api/setup-drafts.ts'
import { useAsked } from '../../api/asked.ts'
import { useWords } from '../../api/frame.ts'
import type { SettingsEditing } from '../../api/settings-edits.ts'
import { Bars } from '../../parts/bars.tsx'
import { Failure } from '../../parts/loaded.tsx'
import { RowsPending } from '../../parts/pending.tsx'

export function PlanFigures({ settings }: { settings: SettingsEditing }) {
  const words = useWords()
  const read = useAsked<PlanDraftAnswer>(
    '/v1/setup/actions',
    { settings: settings.whole() },
    { staleMs: 60_000 },
  )
  const { data, error, changing, refetch } = read
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />
  if (data === undefined)
    return (
      <>
        <p className="second">Everybody is decided on as the real thing does. This takes some seconds.</p>
        <RowsPending rows={4} />
      </>
    )
  const { currency, customers, nothing, actions, spendMinor, expectedMinor, budgetMinor, power, notes } = data
  const chosen = actions.filter((one) => one.customers > 0)
  return (
    <div aria-busy={changing} style={changing ? { opacity: 0.55 } : undefined}>
      <p>
        <output>
          <span className="strong">{words.money(spendMinor, currency)}</span> would be spent in a period
          {budgetMinor !== null && ` of ${words.money(budgetMinor, currency)}`}, for an expected margin of{' '}
          <span className="strong">{words.gain(expectedMinor, currency)}</span> over doing nothing. For{' '}
          {words.count(nothing)} of {words.many(customers, 'customer')} nothing is worth doing or allowed.
        </output>
      </p>
      {chosen.length > 0 && (
        <Bars
          caption="Customers by what would be chosen"
          bars={chosen.map((one) => ({
            key: one.key,
            label: one.name,
            value: one.customers,
            text: words.many(one.customers, 'customer'),
            note: `${words.money(one.spendMinor, currency)}, expected ${words.gain(one.expectedMinor, currency)}`,
          }))}
        />
      )}
      <p className="second" style={GAP}>
        {power.sentence} <Link href="/app/groups">More on the comparison</Link>
      </p>
      {notes.map((note) => (
        <p key={note} className="note">
          {note}
        </p>
      ))}
    </div>
  )
}

const GAP = { marginTop: 14 } as const
