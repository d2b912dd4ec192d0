/**
 * People answer what reached them, by the hidden truth: reps complete their tasks after a while, e-mails are opened
 * and answered, some unsubscribe, and whatever was done works on the customer's odds of leaving from then on. Some
 * stayed only because nobody called.
 */
import type { World } from '../../world/agreement.ts'
import type { Truth } from '../../world/truth.ts'
import { random, type Random } from '../../../models/random.ts'
import { property } from './definitions.ts'
import { defaultTypeId } from './object-types.ts'
import { SUBSCRIPTIONS } from './sample-portal.ts'
import { BY_A_USER, type SandboxState } from './state.ts'
import { setStatus, statusOf } from './subscription-statuses.ts'
import type { Source } from './tables.ts'
import { momentOf } from './world-customer.ts'
import {
  expectAnswer,
  expectedAnswers,
  lifeOf,
  lives,
  rememberCustomer,
  rememberSeen,
  seenUpTo,
  type Life,
} from './world-memory.ts'

export interface Answered {
  readonly completedTasks: number
  readonly openedEmails: number
  readonly unsubscribed: number
}

/** By what names the actions go, in the order of `Truth.oddsRatio`. */
const ACTIONS = ['no_action', 'email', 'sms', 'discount_10', 'discount_20', 'call_discount_30']
const TYPES = ['tasks', 'emails'] as const
/** Months that an action works; a discount as long as it is given. */
const WORKS = { contact: 3, discount: 12 }
/** On the contact's timeline. */
const BY_THE_READER: Source = { sourceType: 'EMAIL', sourceId: null }

/** HubSpot's own outcomes of calls, https://developers.hubspot.com/docs/guides/api/crm/engagements/calls */
const CONNECTED = 'f240bbac-87c9-4f6e-bf70-924b57d47db7'
const NO_ANSWER = '73a0d17f-1163-4015-bdd5-ec830791da20'

/** Notices what was put into the portal since it last looked, and when somebody will get round to it. */
export function expectAnswers(state: SandboxState, world: World, months: number): void {
  for (const type of TYPES) {
    const seen = seenUpTo(state, type)
    const records = state.tables.table(type).live
    let from = records.length
    while (from > 0 && Number(records[from - 1].id) > Number(seen)) from--
    if (from === records.length) continue
    for (const { id } of records.slice(from)) {
      if (!state.value(type, id, 'holdfast_action')) continue
      const wait = -Math.log(1 - chanceOf(world, id).next())
      // A few days for a task, hours to days for a mail.
      const due = months + (type === 'tasks' ? 0.05 + 0.12 * wait : 0.01 + 0.04 * wait)
      expectAnswer(state, `${type}:${id}`, { due })
    }
    rememberSeen(state, type, records[records.length - 1].id)
  }
}

/** What is due by then is answered. */
export function answerWhatIsDue(state: SandboxState, world: World, months: number): Answered {
  const answered = { completedTasks: 0, openedEmails: 0, unsubscribed: 0 }
  const due = [...expectedAnswers(state)].filter(([, { due: at }]) => at !== null && at <= months)
  for (const [item] of due) {
    expectAnswer(state, item, { due: null })
    const [type, id] = item.split(':')
    const record = state.record(type, id)
    if (record === null || record.archivedAt) continue
    const company = companyOf(state, type, id)
    const life = company === null ? null : lifeOf(state, company)
    if (company === null || life === null || life.left !== undefined) continue
    const scene: Scene = { state, world, months, company, life, rng: chanceOf(world, id).fork('answer') }
    if (type === 'tasks') {
      if (doTask(scene, id)) answered.completedTasks++
    } else {
      const { opened, unsubscribed } = readEmail(scene, id)
      if (opened) answered.openedEmails++
      if (unsubscribed) answered.unsubscribed++
    }
  }
  return answered
}

interface Scene {
  readonly state: SandboxState
  readonly world: World
  readonly months: number
  readonly company: string
  readonly life: Life
  readonly rng: Random
}

/** @returns whether somebody did it */
function doTask(scene: Scene, task: string): boolean {
  const { state, rng, company, months } = scene
  const status = state.value('tasks', task, 'hs_task_status')
  if (status === 'COMPLETED') return false
  const owner = state.value('tasks', task, 'hubspot_owner_id')
  const user = state.owners().find(({ id, archived }) => id === owner && !archived)
  // What belongs to nobody is mostly left undone.
  if (rng.next() > (user ? 0.9 : 0.25)) {
    if (rng.next() < 0.5) expectAnswer(state, `tasks:${task}`, { due: months + 0.3 + 0.5 * rng.next() })
    return false
  }
  const by: Source = user ? { sourceType: 'CRM_UI', sourceId: `userId:${user.userId ?? user.id}` } : BY_A_USER
  const reached = rng.next() < 0.75
  const call = state.value('tasks', task, 'hs_task_type') === 'CALL'
  if (call) logCall(scene, task, reached, by)
  if (call && !reached && rng.next() < 0.5) {
    // Tried again some days later.
    expectAnswer(state, `tasks:${task}`, { due: months + 0.1 + 0.1 * rng.next() })
    return false
  }
  const done = { hs_task_status: 'COMPLETED', hs_task_completion_date: state.now().toISOString() }
  state.updateRecord('tasks', task, done, by)
  if (reached || !call) act(scene, state.value('tasks', task, 'holdfast_action') ?? '')
  state.updateRecord('companies', company, { notes_last_contacted: state.now().toISOString() }, by)
  return true
}

function logCall(scene: Scene, task: string, reached: boolean, by: Source): void {
  const { state, company } = scene
  if (state.property('calls', 'hs_call_disposition') === null) {
    state.setProperty(
      'calls',
      property('hs_call_disposition', { label: 'Call outcome', hubspotDefined: true }),
    )
    state.setProperty('calls', property('hs_call_title', { label: 'Call Title', hubspotDefined: true }))
  }
  const call = state.createRecord(
    'calls',
    {
      hs_timestamp: state.now().toISOString(),
      hs_call_title: state.value('tasks', task, 'hs_task_subject'),
      hs_call_disposition: reached ? CONNECTED : NO_ANSWER,
      hubspot_owner_id: state.value('tasks', task, 'hubspot_owner_id'),
    },
    by,
  )
  const typeId = defaultTypeId('calls', 'companies')
  if (typeId !== null) state.associate('calls', call, 'companies', company, typeId, by)
}

function readEmail(scene: Scene, email: string): { opened: boolean; unsubscribed: boolean } {
  const { state, rng } = scene
  const truth = truthOf(scene)
  act(scene, state.value('emails', email, 'holdfast_action') ?? '')
  const opened = rng.next() < 0.2 + 0.5 * truth.engagement
  const answers = opened && rng.next() < 0.02 + 0.14 * truth.engagement
  const tired = 0.003 + 0.004 * truth.contacts + (truth.sleepingDog ? 0.06 : 0)
  const unsubscribes = rng.next() < tired
  if (opened) {
    for (const name of ['hs_email_open_count', 'hs_email_click_count']) {
      if (state.property('emails', name) !== null) continue
      const definition = { type: 'number', hubspotDefined: true, readOnlyValue: true } as const
      state.setProperty('emails', property(name, definition))
    }
    const clicks = rng.next() < 0.25 ? 1 : 0
    const counts = { hs_email_open_count: 1 + rng.integer(3), hs_email_click_count: clicks }
    state.updateRecord('emails', email, counts, BY_THE_READER)
  }
  const contact = state.associated('emails', email, 'contacts')[0]?.id ?? scene.life.contacts[0]
  const address = contact === undefined ? null : state.value('contacts', contact, 'email')
  if (answers && contact !== undefined) reply(scene, email, contact)
  const fromAll = rng.next() < 0.3
  return { opened, unsubscribed: unsubscribes && !!address && unsubscribe(scene, address, fromAll) }
}

function reply({ state, company }: Scene, email: string, contact: string): void {
  const subject = state.value('emails', email, 'hs_email_subject') ?? ''
  const answer = state.createRecord(
    'emails',
    {
      hs_timestamp: state.now().toISOString(),
      hs_email_direction: 'INCOMING_EMAIL',
      hs_email_status: 'SENT',
      hs_email_subject: `Re: ${subject}`,
      hs_email_text: 'Thank you, let us talk about it next week.',
    },
    BY_THE_READER,
  )
  for (const [type, id] of [
    ['contacts', contact],
    ['companies', company],
  ] as const) {
    const typeId = defaultTypeId('emails', type)
    if (typeId !== null) state.associate('emails', answer, type, id, typeId, BY_THE_READER)
  }
}

/** @returns false where they had done so before */
function unsubscribe({ state }: Scene, email: string, fromAll: boolean): boolean {
  const service = SUBSCRIPTIONS.service.id
  if (statusOf(state, email, service) === 'UNSUBSCRIBED') return false
  setStatus(state, {
    email,
    subscription: fromAll ? null : service,
    status: 'UNSUBSCRIBED',
    source: 'Subscription page',
    by: BY_THE_READER,
  })
  return true
}

/** What was done works from now on, and was one more contact. */
function act(scene: Scene, action: string): void {
  const { state, world, months, company } = scene
  // The life as it is by now: several things can be due at once.
  const life = lifeOf(state, company) ?? scene.life
  const kind = ACTIONS.indexOf(action)
  const { drift } = momentOf(world, life, months)
  const oddsRatio = truthOf(scene).oddsRatio[kind === -1 ? 1 : kind]
  const until = months + (action.includes('discount') ? WORKS.discount : WORKS.contact)
  rememberCustomer(state, company, {
    ...life,
    drift: { ...drift, contacts: drift.contacts + 1 },
    effects: [...(life.effects ?? []), { oddsRatio, until }],
  })
}

function truthOf({ world, life, months }: Scene): Truth {
  return momentOf(world, life, months).truth
}

/** The company that it is about: itself associated, or by the contact. */
function companyOf(state: SandboxState, type: string, id: string): string | null {
  const direct = state.associated(type, id, 'companies').map((company) => company.id)
  const through = state
    .associated(type, id, 'contacts')
    .flatMap((contact) => state.associated('contacts', contact.id, 'companies').map((company) => company.id))
  const known = lives(state)
  return [...direct, ...through].find((company) => known.has(company)) ?? null
}

const chanceOf = (world: World, id: string): Random =>
  random((Number(BigInt(id) & 0x7fffffffn) ^ Math.imul(world.seed, 0x85ebca6b)) | 0)
