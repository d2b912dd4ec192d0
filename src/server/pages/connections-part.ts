/** Connections with how each stands, and the log of what the loop did. */
import type { ConnectionView } from '../../store/reads/connections.ts'
import { COUNTED, type CrmView } from '../../store/reads/crm-connections.ts'
import type { Run } from '../../store/runs.ts'
import { button } from './form.ts'
import { html, joined, type Markup, type Piece } from './html.ts'
import { causeWord, countsText, stepWord } from './labels.ts'
import type { Place } from './place.ts'

const KINDS: Readonly<Record<string, string>> = { csv: 'File', hubspot: 'HubSpot', salesforce: 'Salesforce' }

const STATUS: Readonly<Record<ConnectionView['status'], { readonly word: string; readonly dot: string }>> = {
  active: { word: 'Works', dot: '' },
  paused: { word: 'Paused', dot: ' wait' },
  needs_reconnect: { word: 'Needs a new sign-in', dot: ' bad' },
  disconnected: { word: 'Disconnected', dot: ' still' },
}

export function connectionsPart(
  connections: readonly ConnectionView[],
  crms: readonly CrmView[],
  place: Place,
): Markup {
  const { formats } = place
  const rows = connections.map((connection) => {
    const { id, name, status, steps } = connection
    const crm = crms.find((one) => one.connection === id) ?? null
    const sync = steps.find(({ step }) => step === 'sync')
    const last = sync?.lastDoneAt ?? null
    const runs =
      status === 'active' &&
      place.may('operator') &&
      button({
        action: `/connections/${id}/run`,
        label: 'Run now',
        small: true,
        fields: { step: 'sync' },
        about: name,
      })
    return html`<tr>
      <th scope="row" class="first">${name}<small>${joined(whose(connection, crm), ', ')}</small></th>
      <td>${health(connection)}${made(connection, crm, formats)}</td>
      <td data-label="Read">
        ${last === null ? html`<span class="second">never</span>` : formats.when(last)}
      </td>
      <td data-label="Next">${nextRead(connection, place)}</td>
      <td>${runs}</td>
    </tr>`
  })
  return html`<section id="connections">
    <h2>Connections</h2>
    ${
      connections.length === 0
        ? html`<p class="second">None yet.</p>`
        : html`<table class="rows">
            <caption class="only-reader">
              Connections
            </caption>
            <thead>
              <tr>
                <th scope="col">Connection</th>
                <th scope="col">Status</th>
                <th scope="col">Last read</th>
                <th scope="col">Next</th>
                <th scope="col"><span class="only-reader">Run it now</span></th>
              </tr>
            </thead>
            <tbody>
              ${rows}
            </tbody>
          </table>`
    }
  </section>`
}

/** What it is connected to: "HubSpot account 8451236", "companies". */
function whose({ kind, sandbox }: ConnectionView, crm: CrmView | null): readonly Piece[] {
  const word = KINDS[kind] ?? kind
  if (crm === null || crm.externalId === null) return [word, sandbox && 'sample or test data']
  const { builtIn, object, externalId } = crm
  const place = PLACES[kind] ?? 'account'
  return [
    builtIn
      ? `${word} sandbox on this machine`
      : html`${word} ${place} <span class="nowrap">${externalId}</span>`,
    object !== null && (OBJECTS[object] ?? object),
    sandbox && !builtIn && `test ${place}: nothing is sent`,
  ]
}

/** What a CRM calls the whole that is connected. */
const PLACES: Readonly<Record<string, string>> = { hubspot: 'account', salesforce: 'org' }
const OBJECTS: Readonly<Record<string, string>> = { Account: 'accounts', Contact: 'contacts' }

/** What people there see of us. */
function made({ kind }: ConnectionView, crm: CrmView | null, formats: Place['formats']): Piece {
  if (crm === null) return null
  const { tasks, logged, lastHintAt } = crm
  // HubSpot calls here; of Salesforce we follow a stream.
  const hint = kind === 'salesforce' ? 'change event' : 'webhook'
  const many = (count: number, one: string, others: string): string =>
    count >= COUNTED ? `over ${formats.count(COUNTED)} ${others}` : formats.many(count, one, others)
  return html`<small
    >${joined(
      [
        tasks > 0 && many(tasks, 'task on a list', 'tasks on lists'),
        logged > 0 && many(logged, 'e-mail on a timeline', 'e-mails on timelines'),
        lastHintAt === null ? `no ${hint} yet` : html`last ${hint} ${formats.when(lastHintAt)}`,
      ],
      ' · ',
    )}</small
  >`
}

function nextRead({ status, steps }: ConnectionView, { formats, now }: Place): Piece {
  const sync = steps.find(({ step }) => step === 'sync')
  if (status !== 'active') return html`<span class="second">–</span>`
  if (sync?.running === true || (sync?.dueAt ?? now) < now) return 'now'
  const due = sync?.dueAt ?? null
  if (due === null && sync !== undefined && sync.error !== null)
    return html`<span class="second">not by itself</span>`
  return due === null ? html`<span class="second">by schedule</span>` : formats.when(due)
}

function health({ status, steps, populationStated }: ConnectionView): Markup {
  if (status !== 'active') return html`<span class="dot${STATUS[status].dot}"></span>${STATUS[status].word}`
  const running = steps.find((step) => step.running)
  if (running !== undefined) return html`<span class="dot"></span>${stepWord(running.step)} runs`
  const failed = steps.find(({ error }) => error !== null)
  if (failed !== undefined)
    return html`<span class="dot bad"></span>${stepWord(failed.step)} failed<small class="error"
        >${failed.error?.message ?? ''}</small
      >`
  if (!populationStated) return html`<span class="dot wait"></span>Nobody said who is a customer`
  return html`<span class="dot"></span>${STATUS.active.word}`
}

const ENDS: Readonly<Record<Run['status'], { readonly word: string; readonly dot: string }>> = {
  running: { word: 'Runs', dot: ' wait' },
  done: { word: 'Done', dot: '' },
  failed: { word: 'Failed', dot: ' bad' },
  interrupted: { word: 'Broken off', dot: ' still' },
}

export function runsPart(
  runs: readonly Run[],
  connections: readonly ConnectionView[],
  { formats, now }: Place,
): Markup {
  const names = new Map(connections.map(({ id, name }) => [id, name]))
  const rows = runs.map((run) => {
    const { word, dot } = ENDS[run.status]
    const took = (run.finishedAt ?? now).getTime() - run.startedAt.getTime()
    return html`<tr>
      <th scope="row" class="first">
        ${stepWord(run.step)}<small
          >${run.connection === null ? null : (names.get(run.connection) ?? null)}</small
        >
      </th>
      <td class="nowrap"><span class="dot${dot}"></span>${word}</td>
      <td class="full">${did(run, formats.count)}</td>
      <td class="nowrap">${formats.when(run.startedAt)}</td>
      <td class="figure wide-only">${formats.duration(took)}</td>
      <td class="wide-only second">${causeWord(run.cause)}</td>
    </tr>`
  })
  return html`<section id="runs">
    <h2>Runs</h2>
    ${
      runs.length === 0
        ? html`<p class="second">Nothing ran yet.</p>`
        : html`<table class="rows">
            <caption class="only-reader">
              What the loop did, newest first
            </caption>
            <thead>
              <tr>
                <th scope="col">Step</th>
                <th scope="col">End</th>
                <th scope="col">What it did</th>
                <th scope="col">Begun</th>
                <th scope="col" class="figure">Took</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              ${rows}
            </tbody>
          </table>`
    }
  </section>`
}

function did(run: Run, count: (value: number) => string): Piece {
  if (run.error !== null) return html`<span class="error">${run.error.message}</span>`
  if (run.status !== 'running') return countsText(run.counts, count)
  return run.total === null ? `${count(run.done)} so far` : `${count(run.done)} of ${count(run.total)}`
}
