/** What is sent at all: how things leave, what is paused and why, what a person approves, and the switches for it. */
import type { Action } from '../../contracts/actions.ts'
import { channelFor } from '../../loop/carried-out.ts'
import { actionsOf, maskRules } from '../../settings/planning.ts'
import { approvalNeeded } from '../../settings/approval.ts'
import { readPauses, type RunningPause } from '../../store/pauses.ts'
import { route } from '../route.ts'
import { button } from './form.ts'
import { html, type Markup, type Piece } from './html.ts'
import { CHANNELS } from './labels.ts'
import { DELIVERY, sentence } from './notices.ts'
import { BY_ITSELF } from './pause-notices.ts'
import { withPlace, type Place } from './place.ts'
import { shell } from './shell.ts'

export const sendingRoute = route({
  method: 'get',
  path: '/sending',
  summary: 'What is sent at all, and the switches for it',
  tag: 'Pages',
  access: { scope: null, role: 'viewer' },
  audience: 'page',
  answers: { 200: { description: 'The page', type: 'text/html' } },
  handle: ({ caller }, services) =>
    withPlace({ caller, services }, async (tx, place) => {
      const { running } = await readPauses(tx)
      const killed = running.find(({ scope }) => scope === 'everything') ?? null
      const body = html`<div class="top">
          <div>
            <h1>${headline(place, killed, running)}</h1>
            <p class="lead">
              ${killed === null ? howItLeaves(place) : 'Nothing goes out and nothing is chosen until the switch is released.'}
            </p>
          </div>
          <div class="buttons"><a class="button" href="/preview">What would be sent today</a></div>
        </div>
        ${killed !== null && killedPart(killed, place)}
        <section>
          <h2>Actions</h2>
          ${partsTable('action', shownActions(place), running, place)}
        </section>
        <section>
          <h2>Channels</h2>
          ${partsTable(
            'channel',
            (['email', 'sms', 'task'] as const).map((name) => ({
              name,
              word: CHANNELS[name],
              about: null,
              offered: true,
            })),
            running,
            place,
          )}
        </section>
        ${killed === null && killPart(place)}`
      return shell(place, { title: 'Sending', chapter: 'sending', body })
    }),
})

function shownActions(place: Place): readonly ShownPart[] {
  const actions = actionsOf(place.settings)
  const { enabled } = maskRules(place.settings, actions)
  return actions.flatMap((action, at) =>
    action.channel === 'none'
      ? []
      : [
          {
            name: action.key,
            word: action.name,
            about: html`${throughWhat(action, place)}${
              approvalNeeded(place.settings.delivery, action) && ' · a person approves each'
            }`,
            offered: enabled[at],
          },
        ],
  )
}

/** As it is carried out: what nobody fulfils by a code is an offer that somebody makes. */
function throughWhat(action: Action, { settings }: Place): string {
  const channel = channelFor(action, { tasks: true, settings })
  return CHANNELS[channel === 'none' ? 'task' : channel]
}

function headline(
  { pause, tenant, formats }: Place,
  killed: RunningPause | null,
  running: readonly RunningPause[],
): string {
  if (killed !== null) return 'All actions are stopped'
  if (pause !== null) return 'Everything is paused'
  const parts = running.length
  if (parts > 0) return `${formats.many(parts, 'action or channel is', 'actions and channels are')} paused`
  return tenant.activatedAt === null ? 'Nothing is sent yet' : 'Nothing is paused'
}

function howItLeaves({ pause, tenant, settings }: Place): string {
  if (pause !== null) return sentence(pause.reason)
  if (tenant.activatedAt === null)
    return 'Actions were never turned on. The preview shows what would go out if they were.'
  return `${DELIVERY[settings.delivery.mode].pill}.`
}

function killedPart({ reason, actor, createdAt }: RunningPause, place: Place): Markup {
  return html`<div class="notice bad">
    <p class="strong">The kill switch is on</p>
    <p>
      ${sentence(reason)} Set by ${who(actor)} ${place.formats.when(createdAt)}. Every decision chooses no
      action, and what was open is cancelled for good. Who is decided on meanwhile is decided on again in the
      next ${place.settings.period}.
    </p>
    ${
      place.may('admin')
        ? html`<div class="buttons">
            ${button({ action: '/sending/release', label: 'Release the kill switch', fields: { company: place.tenant.id } })}
          </div>`
        : html`<p class="note">An admin can release it.</p>`
    }
  </div>`
}

interface ShownPart {
  readonly name: string
  readonly word: string
  readonly about: Piece
  /** Whether the settings have it on. */
  readonly offered: boolean
}

function partsTable(
  scope: 'action' | 'channel',
  parts: readonly ShownPart[],
  running: readonly RunningPause[],
  place: Place,
): Markup {
  const known = new Set(parts.map(({ name }) => name))
  // One that left the catalogue may still be paused, and has to be seen to be let go on.
  const gone = running
    .filter((one) => one.scope === scope && !known.has(one.name))
    .map(({ name }) => ({
      name,
      word: place.formats.action(name),
      about: 'not in the catalogue any more',
      offered: false,
    }))
  const killed = running.some((one) => one.scope === 'everything')
  const rows = [...parts, ...gone].map(({ name, word, about, offered }) => {
    const pause = running.find((one) => one.scope === scope && one.name === name) ?? null
    return html`<tr>
      <th scope="row" class="first">${word}${about !== null && html`<small>${about}</small>`}</th>
      <td class="full">${pause === null ? unpaused({ killed, offered }) : pausedMark(pause, place)}</td>
      <td class="tight">${switchOf(scope, name, word, pause, place)}</td>
    </tr>`
  })
  return html`<table class="rows parts">
    <caption class="only-reader">
      ${scope === 'action' ? 'Actions, and whether they are paused' : 'Channels, and whether they are paused'}
    </caption>
    <thead>
      <tr>
        <th scope="col">${scope === 'action' ? 'Action' : 'Channel'}</th>
        <th scope="col">State</th>
        <th scope="col"><span class="only-reader">Switch</span></th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
}

function unpaused({ killed, offered }: { readonly killed: boolean; readonly offered: boolean }): Markup {
  if (killed) return html`<span class="dot bad"></span>Stopped with everything`
  return offered
    ? html`<span class="dot"></span>On`
    : html`<span class="dot still"></span>Off in the settings: not chosen any more`
}

function pausedMark({ actor, reason, createdAt }: RunningPause, { formats }: Place): Markup {
  const byItself = actor === 'watch'
  return html`<span class="dot bad"></span>${byItself ? 'Stopped by itself' : 'Paused'}
    <small
      >${sentence(reason.replace(BY_ITSELF, ''))} ${byItself ? 'Stopped' : `Set by ${who(actor)}`}
      ${formats.when(createdAt)}.</small
    >`
}

function switchOf(
  scope: 'action' | 'channel',
  name: string,
  word: string,
  pause: RunningPause | null,
  place: Place,
): Piece {
  const fields = { company: place.tenant.id }
  const action = `/sending/${scope}/${encodeURIComponent(name)}`
  if (pause !== null)
    return (
      place.may('admin') &&
      button({ action: `${action}/resume`, label: 'Let it go on', small: true, fields, about: word })
    )
  return (
    place.may('operator') &&
    html`<details class="pause">
      <summary>Pause…<span class="only-reader"> ${word}</span></summary>
      <div>
        <p class="note">Nothing of it is sent or chosen until an admin lets it go on. What is open waits.</p>
        ${button({ action: `${action}/pause`, label: 'Pause now', kind: 'main', fields, before: WHY, about: word })}
      </div>
    </details>`
  )
}

const WHY = html`<label
  ><span class="only-reader">Why</span
  ><input type="text" name="reason" maxlength="300" placeholder="Why (optional)"
/></label>`

function killPart(place: Place): Piece {
  if (!place.may('operator')) return null
  return html`<section>
    <h2>Kill switch</h2>
    <p class="second">
      Stops all actions at once: what is open is cancelled for good, and every decision chooses no action
      until an admin releases it. To hold things back for a while, pause instead.
    </p>
    <details>
      <summary>Stop all actions…</summary>
      ${button({
        action: '/sending/stop',
        label: 'Stop all actions',
        kind: 'main',
        fields: { company: place.tenant.id },
        before: html`${WHY}<label class="check"
            ><input type="checkbox" name="confirm" value="yes" required /> Cancel what is open</label
          >`,
      })}
    </details>
  </section>`
}

const who = (actor: string): string => actor.replace(/^\w+:/, '')
