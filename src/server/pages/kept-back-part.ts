/** Why things wait or were held back, counted: above the rows of either state. */
import { keptBackWords } from '../../loop/kept-back-words.ts'
import type { Transaction } from '../../store/database.ts'
import type { InterventionState } from '../../store/intervention-states.ts'
import { keptBack, waiting } from '../../store/suppressed.ts'
import { html, type Markup, type Piece } from './html.ts'
import { sentence } from './notices.ts'
import { withoutSandbox } from './outbox-table.ts'
import type { Place } from './place.ts'

interface Row {
  readonly actionKey: string
  /** In the words of one of them. */
  readonly said: Piece
  readonly count: number
}

const DAY = 86_400_000
const DAYS = 30
const MOST = 8

/** Null for other states, and where nothing is to be said. */
export async function keptBackPart(
  tx: Transaction,
  state: InterventionState | undefined,
  place: Place,
): Promise<Markup | null> {
  if (state !== 'suppressed' && state !== 'deferred') return null
  const rows = state === 'suppressed' ? await heldBack(tx, place) : await nowWaiting(tx, place)
  if (rows.length === 0) return null
  const shown = rows.slice(0, MOST)
  const others = rows.slice(MOST).reduce((sum, { count }) => sum + count, 0)
  const caption = state === 'suppressed' ? `Held back in the last ${DAYS} days` : 'What waits now'
  return html`<section>
    <h2>${caption}, by reason</h2>
    <table class="compact rows">
      <caption class="only-reader">
        ${caption}
      </caption>
      <tbody>
        ${shown.map(
          ({ actionKey, said, count }) =>
            html`<tr>
              <th scope="row" class="first">${place.formats.action(actionKey)}</th>
              <td class="full">${said}</td>
              <td class="figure">${place.formats.count(count)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${others > 0 && html`<p class="note">${place.formats.count(others)} for other reasons.</p>`}
  </section>`
}

async function heldBack(tx: Transaction, { now }: Place): Promise<readonly Row[]> {
  const from = new Date(now.getTime() - DAYS * DAY)
  const counts = await keptBack(tx, { from, to: new Date(now.getTime() + 1), by: 'month' })
  const rows = new Map<string, Row>()
  for (const { to, code, actionKey, interventions, example } of counts) {
    if (to !== 'suppressed') continue
    const key = `${code} ${actionKey}`
    const known = rows.get(key)
    const said = known?.said ?? (example === null ? wordsOf(code) : sentence(withoutSandbox(example)))
    rows.set(key, { actionKey, said, count: (known?.count ?? 0) + interventions })
  }
  return [...rows.values()].toSorted((a, b) => b.count - a.count)
}

async function nowWaiting(tx: Transaction, { formats }: Place): Promise<readonly Row[]> {
  const counts = await waiting(tx)
  return counts.map(({ code, actionKey, interventions, next }) => ({
    actionKey,
    said: html`${wordsOf(code)}; the next is looked at ${formats.when(next)}`,
    count: interventions,
  }))
}

function wordsOf(code: string | null): string {
  return code === null ? 'Tried again by itself' : sentence(keptBackWords(code)).replace(/\.$/, '')
}
