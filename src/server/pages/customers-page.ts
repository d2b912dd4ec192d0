/** All customers, by value at risk or by risk, a page at a time. */
import { z } from 'zod'
import { lineExtras } from '../../store/reads/pages-lines.ts'
import { listCustomers, type Level } from '../../store/reads/customers.ts'
import { route } from '../route.ts'
import { customerTable } from './customer-table.ts'
import { html, type Markup } from './html.ts'
import { LEVELS } from './labels.ts'
import { withPlace } from './place.ts'
import { shell } from './shell.ts'

const ROWS = 50

const query = z.object({
  level: z.enum(['HIGH', 'MEDIUM', 'LOW']).optional(),
  sort: z.enum(['value', 'probability']).optional(),
  cursor: z.string().max(500).optional(),
})
type Query = z.infer<typeof query>

export const customersRoute = route({
  method: 'get',
  path: '/customers',
  summary: 'Customers, those with the most value at risk first',
  tag: 'Pages',
  access: { scope: null, role: 'viewer' },
  audience: 'page',
  query,
  answers: { 200: { description: 'The page', type: 'text/html' } },
  handle: ({ caller, query }, services) =>
    withPlace({ caller, services }, async (tx, place) => {
      const { items, next } = await listCustomers(tx, { ...query, limit: ROWS })
      const ids = items.map(({ id }) => id)
      const extras = await lineExtras(tx, ids, place.now)
      const title = titleOf(query)
      const empty =
        query.level === undefined
          ? html`<p class="second">Nobody is scored yet. <a href="/">See how far the loop is.</a></p>`
          : html`<p class="second">No customer has this level.</p>`
      const body = html`<h1>${title}</h1>
        <p class="lead">${LEADS[query.sort ?? 'value']}</p>
        ${filters(query)}
        ${items.length === 0 ? empty : customerTable(items, extras, { formats: place.formats, caption: title })}
        <div class="pages">
          ${query.cursor !== undefined && html`<a href="${addressOf(query, {})}">To the first page</a>`}
          ${next !== null && html`<a href="${addressOf(query, { cursor: next })}" rel="next">Next ${ROWS}</a>`}
        </div>`
      return shell(place, { title, chapter: 'customers', body })
    }),
})

const LEADS = {
  value: 'Those with the most value at risk first: what they pay in a year times the chance to lose it.',
  probability: 'Those most likely to leave first, whatever they pay.',
} as const

function titleOf({ level }: Query): string {
  return level === undefined ? 'Customers by risk' : `Customers at ${LEVELS[level].word.toLowerCase()} risk`
}

function filters(query: Query): Markup {
  const level = (to: Level | undefined, word: string): Markup =>
    tab(addressOf({ ...query, level: to }, {}), word, query.level === to)
  const sort = (to: 'value' | 'probability', word: string): Markup =>
    tab(addressOf({ ...query, sort: to }, {}), word, (query.sort ?? 'value') === to)
  return html`<ul class="tabs" aria-label="Level">
      ${level(undefined, 'All levels')}${level('HIGH', '▲ High')}${level('MEDIUM', '● Medium')}${level('LOW', '▼ Low')}
    </ul>
    <ul class="tabs" aria-label="Order">
      ${sort('value', 'By value at risk')}${sort('probability', 'By risk')}
    </ul>`
}

function tab(href: string, word: string, chosen: boolean): Markup {
  return html`<li><a href="${href}" ${chosen && html`aria-current="page"`}>${word}</a></li>`
}

function addressOf({ level, sort }: Query, { cursor }: { cursor?: string }): string {
  const parts = Object.entries({ level, sort, cursor }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return parts.length === 0
    ? '/customers'
    : `/customers?${new URLSearchParams(Object.fromEntries(parts)).toString()}`
}
