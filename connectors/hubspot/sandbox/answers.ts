/** Where people in the sandbox's portal find what was sent to them, and how their answers stand in HubSpot's records. */
import type { GivenTask, SentEmail, WorldCrm } from '../../world/crm.ts'
import { lives, rememberSeen, seenUpTo } from '../../world/memory.ts'
import { property } from './definitions.ts'
import { defaultTypeId } from './object-types.ts'
import { SUBSCRIPTIONS } from './sample-portal.ts'
import { BY_A_USER, type SandboxState } from './state.ts'
import { setStatus, statusOf } from './subscription-statuses.ts'
import type { Source } from './tables.ts'

/** On the contact's timeline. */
const BY_THE_READER: Source = { sourceType: 'EMAIL', sourceId: null }

/** HubSpot's own outcomes of calls, https://developers.hubspot.com/docs/guides/api/crm/engagements/calls */
const CONNECTED = 'f240bbac-87c9-4f6e-bf70-924b57d47db7'
const NO_ANSWER = '73a0d17f-1163-4015-bdd5-ec830791da20'

type Inbox = Pick<
  WorldCrm,
  'arrived' | 'sent' | 'logCall' | 'complete' | 'contacted' | 'opened' | 'reply' | 'unsubscribe'
>

export function inbox(state: SandboxState): Inbox {
  return {
    *arrived() {
      for (const [type, kind] of [
        ['tasks', 'task'],
        ['emails', 'email'],
      ] as const) {
        for (const id of newOnes(state, type)) {
          if (state.value(type, id, 'holdfast_action')) yield { item: `${type}:${id}`, kind }
        }
      }
    },
    sent(item) {
      const [type, id] = item.split(':')
      const record = state.record(type, id)
      if (record === null || record.archivedAt) return null
      return type === 'tasks' ? taskAt(state, id) : emailAt(state, id)
    },
    logCall: (item, company, reached) => logCall(state, idOf(item), company, reached),
    complete(item) {
      const done = { hs_task_status: 'COMPLETED', hs_task_completion_date: state.now().toISOString() }
      state.updateRecord('tasks', idOf(item), done, hasTask(state, idOf(item)))
    },
    contacted(item, company) {
      const at = state.now().toISOString()
      state.updateRecord('companies', company, { notes_last_contacted: at }, hasTask(state, idOf(item)))
    },
    opened(item, { opens, clicks }) {
      for (const name of ['hs_email_open_count', 'hs_email_click_count']) {
        if (state.property('emails', name) !== null) continue
        const definition = { type: 'number', hubspotDefined: true, readOnlyValue: true } as const
        state.setProperty('emails', property(name, definition))
      }
      const counts = { hs_email_open_count: opens, hs_email_click_count: clicks }
      state.updateRecord('emails', idOf(item), counts, BY_THE_READER)
    },
    reply: (item, company, contact) => reply(state, idOf(item), company, contact),
    unsubscribe(contact, fromAll) {
      const address = state.value('contacts', contact, 'email')
      return !!address && unsubscribe(state, address, fromAll)
    },
  }
}

/** The rep who owns a record, as the history names people. */
export function userOf(state: SandboxState, id: string, type = 'companies'): Source {
  const user = activeOwner(state, type, id)
  return user?.userId === undefined || user.userId === null
    ? BY_A_USER
    : { sourceType: 'CRM_UI', sourceId: `userId:${user.userId}` }
}

/** Whoever has a task; of owners without a user their own id. */
function hasTask(state: SandboxState, task: string): Source {
  const user = activeOwner(state, 'tasks', task)
  return user ? { sourceType: 'CRM_UI', sourceId: `userId:${user.userId ?? user.id}` } : BY_A_USER
}

function activeOwner(state: SandboxState, type: string, id: string) {
  const owner = state.value(type, id, 'hubspot_owner_id')
  return state.owners().find((one) => one.id === owner && !one.archived)
}

/** Ids of records that were made since this was last asked. */
function* newOnes(state: SandboxState, type: string): Generator<string> {
  const seen = Number(seenUpTo(state, type))
  const records = state.tables.table(type).live
  let from = records.length
  while (from > 0 && Number(records[from - 1].id) > seen) from--
  if (from === records.length) return
  const ids = records.slice(from).map(({ id }) => id)
  yield* ids
  rememberSeen(state, type, ids[ids.length - 1])
}

const idOf = (item: string): string => item.slice(item.indexOf(':') + 1)

function taskAt(state: SandboxState, id: string): GivenTask {
  return {
    kind: 'task',
    customer: companyOf(state, 'tasks', id),
    action: state.value('tasks', id, 'holdfast_action') ?? '',
    done: state.value('tasks', id, 'hs_task_status') === 'COMPLETED',
    assigned: activeOwner(state, 'tasks', id) !== undefined,
    call: state.value('tasks', id, 'hs_task_type') === 'CALL',
  }
}

function emailAt(state: SandboxState, id: string): SentEmail {
  return {
    kind: 'email',
    customer: companyOf(state, 'emails', id),
    action: state.value('emails', id, 'holdfast_action') ?? '',
    contact: state.associated('emails', id, 'contacts')[0]?.id ?? null,
  }
}

function logCall(state: SandboxState, task: string, company: string, reached: boolean): void {
  const by = hasTask(state, task)
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

function reply(state: SandboxState, email: string, company: string, contact: string): void {
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

function unsubscribe(state: SandboxState, email: string, fromAll: boolean): boolean {
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

/** The company that it is about: itself associated, or by the contact. */
function companyOf(state: SandboxState, type: string, id: string): string | null {
  const direct = state.associated(type, id, 'companies').map((company) => company.id)
  const through = state
    .associated(type, id, 'contacts')
    .flatMap((contact) => state.associated('contacts', contact.id, 'companies').map((company) => company.id))
  const known = lives(state)
  return [...direct, ...through].find((company) => known.has(company)) ?? null
}
