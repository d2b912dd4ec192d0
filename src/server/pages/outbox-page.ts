/** The outbox: what is planned, waits, went out, would be sent or was stopped, by state. */
import { z } from 'zod'
import { INTERVENTION_STATES, type InterventionState } from '../../store/intervention-states.ts'
import { listInterventions } from '../../store/reads/interventions.ts'
import { route } from '../route.ts'
import { html, joined, type Markup, type Piece } from './html.ts'
import { keptBackPart } from './kept-back-part.ts'
import { STATES } from './labels.ts'
import { interventionTable, stateTabs } from './outbox-table.ts'
import { withPlace, type Place } from './place.ts'
import { DELIVERY } from './notices.ts'
import { shell } from './shell.ts'

const ROWS = 50

export const outboxRoute = route({
  method: 'get',
  path: '/outbox',
  summary: 'The outbox, by state',
  tag: 'Pages',
  access: { scope: null, role: 'viewer' },
  audience: 'page',
  query: z.object({ state: z.enum(INTERVENTION_STATES).optional(), cursor: z.string().max(500).optional() }),
  answers: { 200: { description: 'The page', type: 'text/html' } },
  handle: ({ caller, query }, services) =>
    withPlace({ caller, services }, async (tx, place) => {
      const { items, next } = await listInterventions(tx, { ...query, limit: ROWS })
      const { state, cursor } = query
      const here = state === undefined ? '/outbox' : `/outbox?state=${state}`
      const further = `${here}${state === undefined ? '?' : '&'}cursor=`
      const body = html`${modePill(place)}${headline(place, state)}${stateTabs(place, state ?? 'all')}${cursor === undefined && (await keptBackPart(tx, state, place))}
        ${
          items.length === 0
            ? html`<p class="second">
                ${state === undefined ? emptyWords(place) : 'None is in this state.'}
              </p>`
            : interventionTable(items, place, 'Actions, those that moved last first', here)
        }
        <div class="pages">
          ${cursor !== undefined && html`<a href="${here}">To the first page</a>`}
          ${next !== null && html`<a href="${further}${encodeURIComponent(next)}" rel="next">Next ${ROWS}</a>`}
        </div>`
      return shell(place, { title: 'Outbox', chapter: 'outbox', body })
    }),
})

/** How things leave at all, above everything that is said of them. */
export function modePill({ pause, killed, tenant, settings }: Place): Markup {
  const text =
    killed !== null
      ? 'All actions are stopped: nothing is sent'
      : pause !== null
        ? 'Paused: nothing is sent'
        : tenant.activatedAt === null
          ? 'First look: nothing is sent'
          : DELIVERY[settings.delivery.mode].pill
  return html`<div class="status">
    <span class="pill ${pause === null && killed === null ? 'wait' : 'bad'}">${text}</span>
  </div>`
}

function headline({ outbox, formats }: Place, state: InterventionState | undefined): Markup {
  if (state !== undefined)
    return html`<h1>${STATES[state].word}: ${formats.count(outbox[state] ?? 0)}</h1>
      <p class="lead">${STATES[state].about}</p>`
  const said = (of: InterventionState, words: (count: number) => string): Piece => {
    const count = outbox[of] ?? 0
    return count > 0 && words(count)
  }
  const parts = [
    said('awaiting_approval', (n) => `${formats.count(n)} ${n === 1 ? 'waits' : 'wait'} for approval`),
    said('uncertain', (n) => `${formats.count(n)} ${n === 1 ? 'is' : 'are'} uncertain`),
    said('planned', (n) => `${formats.count(n)} planned`),
    said('sent', (n) => `${formats.count(n)} sent`),
    said('dry_run', (n) => `${formats.count(n)} would be sent`),
  ].filter((part) => part !== false)
  return html`<h1>${parts.length === 0 ? 'Nothing is on its way' : joined(parts.slice(0, 3), ', ')}</h1>
    <p class="lead">Each action once, with what it says and what became of it.</p>`
}

function emptyWords({ tenant }: Place): string {
  return tenant.activatedAt === null
    ? 'Actions are not turned on yet. The overview says what that will do.'
    : 'What is worth doing will appear here, with what would be sent.'
}
