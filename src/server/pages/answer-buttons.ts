/** A person's three answers to an action: approve, snooze, not right. */
import { OPEN_STATES } from '../../store/intervention-states.ts'
import type { InterventionLine } from '../../store/reads/interventions.ts'
import { button } from './form.ts'
import { html, type Markup } from './html.ts'
import type { Place } from './place.ts'

const DAY = 86_400_000
const SNOOZES = [14, 7, 3, 1]

/** The longest of the usual snoozes that ends before it expires; null: none does. */
function snoozeDays(expiresAt: Date, now: Date): number | null {
  return SNOOZES.find((days) => now.getTime() + days * DAY < expiresAt.getTime()) ?? null
}

/**
 * Null where nothing can be answered any more, or not by this caller.
 *
 * @param back one of our pages, to which the answer leads back
 */
export function answerButtons(
  line: Pick<InterventionLine, 'id' | 'state' | 'actionKey' | 'customerName' | 'expiresAt'>,
  place: Pick<Place, 'formats' | 'may' | 'now'>,
  { back, small = false }: { back: string; small?: boolean },
): Markup | null {
  if (!OPEN_STATES.includes(line.state) || !place.may('operator')) return null
  const about = `${place.formats.action(line.actionKey)} for ${line.customerName ?? 'this customer'}`
  const days = snoozeDays(line.expiresAt, place.now)
  const form = (verb: string, label: string, fields: Readonly<Record<string, string>> = {}, main = false) =>
    button({
      action: `/outbox/${line.id}/${verb}`,
      label,
      small,
      kind: main ? 'main' : 'plain',
      fields: { back, ...fields },
      about,
    })
  return html`<div class="buttons answers">
    ${line.state === 'awaiting_approval' && form('approve', 'Approve', {}, true)}${days !== null && form('snooze', `Snooze ${days} ${days === 1 ? 'day' : 'days'}`, { days: String(days) })}${form('reject', 'Not right')}
  </div>`
}
