/** The one page that shows the loop: what is at risk, what needs a look, what was decided, what it did. */
import { periodOf } from '../../settings/planning.ts'
import { readPauses } from '../../store/pauses.ts'
import { listCustomers } from '../../store/reads/customers.ts'
import { watchConnections, type ConnectionView } from '../../store/reads/connections.ts'
import { listInterventions } from '../../store/reads/interventions.ts'
import { bookMark } from '../../store/reads/pages-marks.ts'
import { lineExtras } from '../../store/reads/pages-lines.ts'
import { watchCrms } from '../../store/reads/crm-connections.ts'
import { listRuns } from '../../store/reads/runs.ts'
import type { Totals } from '../../store/reads/totals.ts'
import { route, type Route } from '../route.ts'
import { budgetPart, readHeld } from './budget-part.ts'
import { riskBars, riskChart, riskTable } from './charts.ts'
import { connectionsPart, runsPart } from './connections-part.ts'
import { customerTable } from './customer-table.ts'
import { decidedPart } from './decided-part.ts'
import { button } from './form.ts'
import { html, joined, type Markup, type Piece } from './html.ts'
import { LEVELS } from './labels.ts'
import { noticesPart } from './notices-part.ts'
import { DELIVERY, noticesOf } from './notices.ts'
import { partNotices } from './pause-notices.ts'
import { interventionTable, stateTabs } from './outbox-table.ts'
import { withPlace, type Place } from './place.ts'
import { progressPart, runningSteps } from './progress-part.ts'
import { shell } from './shell.ts'
import { openSummaries, type ReadSummary, type Summary } from './summary.ts'

/** Rows of each list here; whole lists have pages of their own. */
const CUSTOMERS = 8
const INTERVENTIONS = 6
const RUNS = 10

export function loopRoute(): Route {
  let summaries: ReadSummary | null = null
  return route({
    method: 'get',
    path: '/',
    summary: 'The loop at a glance',
    tag: 'Pages',
    access: { scope: null, role: 'viewer' },
    audience: 'page',
    answers: { 200: { description: 'The page', type: 'text/html' } },
    handle: async ({ tenant, caller }, services) => {
      const { database } = services
      summaries ??= openSummaries(database, () => performance.now())
      const read = await withPlace({ caller, services }, async (tx, place) => {
        const customers = (await listCustomers(tx, { limit: CUSTOMERS })).items
        return {
          place,
          connections: await watchConnections(tx),
          crms: await watchCrms(tx),
          mark: await bookMark(tx),
          customers,
          extras: await lineExtras(
            tx,
            customers.map(({ id }) => id),
            place.now,
          ),
          interventions: (await listInterventions(tx, { limit: INTERVENTIONS })).items,
          runs: (await listRuns(tx, { limit: RUNS })).items,
          pauses: (await readPauses(tx)).running,
          held: await readHeld(tx, place),
        }
      })
      const { place, connections, crms, mark, customers, extras, interventions, runs, pauses, held } = read
      const { formats, settings, now } = place
      const period = periodOf(settings.period, now)
      const summary = await summaries(tenant, { connections, period, mark })
      const { totals } = summary
      const running = runningSteps(connections)
      const waiting = connections.some(({ status, steps }) => status === 'active' && steps.some(isDue(now)))
      const scored = totals.customers > 0
      const bars = riskBars(totals)
      const body = html` <div class="status">${statusLine(place, connections)}</div>
        <div class="top">
          <div>${headline(place, connections, summary)}</div>
          <div class="buttons">${pauseButton(place)}</div>
        </div>
        ${progressPart(connections, place)}
        ${noticesPart([...partNotices(pauses, place.formats), ...noticesOf(place, connections, totals.customers, crms)], place)}
        ${
          scored &&
          html`<section class="two">
              <div>
                <h2>Risk across the book</h2>
                ${riskChart(bars, formats)}${levelKeys(totals, place)}${riskTable(bars, formats)}
              </div>
              <div>
                ${decidedPart(summary.decided, { place, period, scored: totals.customers })}${budgetPart(held, place)}
              </div>
            </section>
            <section id="customers">
              <h2>Whom to care for first</h2>
              ${
                customers.length === 0
                  ? html`<p class="second">They are being scored; this appears in a moment.</p>`
                  : customerTable(customers, extras, {
                      formats,
                      caption: 'Customers with the most value at risk',
                    })
              }
              ${totals.customers > customers.length && html`<p><a href="/customers">All ${formats.count(totals.customers)} customers</a></p>`}
            </section>`
        }
        ${
          (scored || interventions.length > 0) &&
          html`<section id="outbox">
            <h2>Outbox</h2>
            ${
              interventions.length === 0
                ? html`<p class="second">
                    Nothing is planned.
                    ${place.tenant.activatedAt === null ? 'Actions are not turned on yet.' : 'What is worth doing will appear here, with what would be sent.'}
                  </p>`
                : html`${stateTabs(place, null)}${interventionTable(interventions, place, 'The actions that moved last')}`
            }
          </section>`
        }
        ${connectionsPart(connections, crms, place)} ${runsPart(runs, connections, place)}`
      return shell(place, { title: 'Overview', chapter: 'loop', body, live: running.length > 0 || waiting })
    },
  })
}

/** Due now, and somebody will take it within seconds. */
const isDue =
  (now: Date) =>
  ({ dueAt, error }: ConnectionView['steps'][number]): boolean =>
    dueAt !== null && dueAt <= now && error === null

function statusLine(place: Place, connections: readonly ConnectionView[]): Piece {
  const { pause, killed, tenant, settings } = place
  const pill =
    killed !== null
      ? html`<a class="pill bad" href="/sending">All actions are stopped</a>`
      : pause !== null
        ? html`<span class="pill bad">Paused: nothing is sent</span>`
        : tenant.activatedAt === null
          ? html`<span class="pill wait">First look: nothing is sent</span>`
          : html`<span class="pill wait">${DELIVERY[settings.delivery.mode].pill}</span>`
  const more = connections.length - SOURCES
  return html`${connections.slice(0, SOURCES).map((one) => sourceStatus(one, place))}${more > 0 && html`<span>and ${more} more</span>`}${pill}`
}

/** Connections that the first line names. */
const SOURCES = 3

function sourceStatus({ name, status, steps }: ConnectionView, { formats }: Place): Markup {
  const sync = steps.find(({ step }) => step === 'sync')
  const last = sync?.lastDoneAt ?? null
  const failed = status !== 'active' || steps.some(({ error }) => error !== null)
  const said =
    sync?.running === true ? 'is read now' : last === null ? 'not read yet' : html`read ${formats.when(last)}`
  const run = sync?.lastRun?.status === 'done' ? sync.lastRun : null
  const changed = (run?.counts['added'] ?? 0) + (run?.counts['changed'] ?? 0) + (run?.counts['deleted'] ?? 0)
  const did = run === null ? null : changed === 0 ? ' · nothing new' : ` · ${formats.count(changed)} changed`
  const dot = failed ? ' bad' : last === null ? ' still' : ''
  return html`<span><span class="dot${dot}"></span>${name} ${said}${did}</span>`
}

function headline(place: Place, connections: readonly ConnectionView[], { totals }: Summary): Markup {
  const { formats } = place
  if (totals.customers === 0) return emptyHeadline(connections)
  const high = totals.byLevel.filter(({ level }) => level === 'HIGH')
  const customers = high.reduce((sum, one) => sum + one.customers, 0)
  const money = high
    .filter((one) => one.currency !== null && one.valueAtRiskMinor > 0)
    .map(({ currency, valueAtRiskMinor }) => formats.money(valueAtRiskMinor, currency ?? place.currency))
  const title =
    customers === 0
      ? 'No customer is at high risk'
      : money.length === 0
        ? html`${formats.many(customers, 'customer is', 'customers are')} at high risk`
        : html`${joined(money, ' and ')} a year ${money.length === 1 ? 'is' : 'are'} at risk in
          ${formats.many(customers, 'customer')}`
  const all = totals.byLevel.reduce<Map<string, number>>(
    (sums, { currency, valueAtRiskMinor }) =>
      currency === null ? sums : sums.set(currency, (sums.get(currency) ?? 0) + valueAtRiskMinor),
    new Map(),
  )
  const whole = [...all].map(([currency, minor]) => formats.money(minor, currency))
  const unknown = totals.byLevel.reduce((sum, one) => sum + (one.currency === null ? one.customers : 0), 0)
  return html`<h1>${title}</h1>
    <p class="lead">
      ${formats.many(totals.customers, 'customer is', 'customers are')}
      scored${customers > 0 && `, ${formats.percent(customers / totals.customers)} of them at high risk`}.${whole.length > 0 && html` Over all of them ${joined(whole, ' and ')} a year ${whole.length === 1 ? 'is' : 'are'} at risk: each amount times the chance to lose it.`}${unknown > 0 && html` What ${formats.many(unknown, 'customer pays', 'customers pay')} is not known.`}
    </p>`
}

function emptyHeadline(connections: readonly ConnectionView[]): Markup {
  const steps = connections.flatMap((one) => one.steps)
  const synced = steps.some(({ step, lastDoneAt }) => step === 'sync' && lastDoneAt !== null)
  if (connections.length === 0)
    return html`<h1>No customers are connected yet</h1>
      <p class="lead">
        Once a file or a CRM is connected, this page shows who may leave, why, and what is worth doing about
        it. That begins on the command line: <code>holdfast connect --help</code>.
      </p>`
  if (synced && steps.some(({ step, lastDoneAt }) => step === 'score' && lastDoneAt !== null))
    return html`<h1>Nobody is scored yet</h1>
      <p class="lead">
        Customers were read, and none of them is in the population. Look below who counts as a customer.
      </p>`
  // What stopped it, and what to do, is said right below.
  if (!synced && steps.some(({ step, error, running }) => step === 'sync' && error !== null && !running))
    return html`<h1>Your customers could not be read yet</h1>
      <p class="lead">Nobody is scored and nothing is sent before they are.</p>`
  return synced
    ? html`<h1>Your customers are being scored</h1>
        <p class="lead">They are read; risks, reasons and suggestions appear here within a minute.</p>`
    : html`<h1>Your customers are being read</h1>
        <p class="lead">
          The first time takes the longest. Risks, reasons and suggestions appear here as soon as they are
          there; nothing is sent.
        </p>`
}

function levelKeys(totals: Totals, { formats }: Place): Markup {
  const keys = (['HIGH', 'MEDIUM', 'LOW'] as const).map((level) => {
    const of = totals.byLevel.filter((one) => one.level === level)
    const customers = of.reduce((sum, one) => sum + one.customers, 0)
    const money = of
      .filter((one) => one.currency !== null)
      .map((one) => formats.money(one.valueAtRiskMinor, one.currency ?? ''))
    return html`<li>
      <a href="/customers?level=${level}"
        ><span class="risk ${level}"
          ><span aria-hidden="true">${LEVELS[level].mark}</span> ${LEVELS[level].word}
          ${formats.count(customers)}</span
        ></a
      >
      <span class="second">${joined(money, ' and ')}</span>
    </li>`
  })
  return html`<ul class="keys">
    ${keys}
  </ul>`
}

function pauseButton(place: Place): Piece {
  if (place.pause?.code === 'tenant_paused')
    return (
      place.may('admin') &&
      button({ action: '/resume', label: 'Resume', kind: 'main', fields: { company: place.tenant.id } })
    )
  // Before actions are turned on nothing is sent that could be stopped.
  if (place.tenant.activatedAt === null || !place.may('operator')) return null
  return html`<details class="pause">
    <summary>Pause everything…</summary>
    <div>
      <p class="note">Nothing is sent until an admin resumes. Scoring and showing go on.</p>
      ${button({
        action: '/pause',
        fields: { company: place.tenant.id },
        label: 'Pause now',
        kind: 'main',
        before: html`<label
          ><span class="only-reader">Why</span
          ><input type="text" name="reason" maxlength="300" placeholder="Why (optional)"
        /></label>`,
      })}
    </div>
  </details>`
}
