/** Where people in the sandbox's org find what was sent to them, and how their answers stand in Salesforce's records. */
import type { GivenTask, SentEmail, WorldCrm } from '../../world/crm.ts'
import { lives, rememberSeen, seenUpTo } from '../../world/memory.ts'
import { ACTION_FIELD } from '../package.ts'
import type { Staff } from './sample-setup.ts'
import type { By, SalesforceState } from './state.ts'

type Inbox = Pick<
  WorldCrm,
  'arrived' | 'sent' | 'logCall' | 'complete' | 'contacted' | 'opened' | 'reply' | 'unsubscribe'
>

const TASK = 'Task'

export function inbox(state: SalesforceState, staff: Staff): Inbox {
  return {
    *arrived() {
      const action = actionField(state)
      if (action === null) return
      for (const id of newTasks(state)) {
        if (state.value(TASK, id, action) === null) continue
        // A log of an SMS: nobody answers those here.
        if (isDone(state, id) && !isEmail(state, id)) continue
        yield { item: `${TASK}:${id}`, kind: isEmail(state, id) ? 'email' : 'task' }
      }
    },
    sent(item) {
      const id = idOf(item)
      const row = state.tables.table(TASK).byId.get(id)
      if (row === undefined || row.deletedAt > 0) return null
      return isEmail(state, id) ? emailAt(state, id) : taskAt(state, id)
    },
    logCall: (item, account, reached) => logCall(state, idOf(item), account, reached),
    complete: (item) =>
      state.updateRecord(TASK, idOf(item), { Status: 'Completed' }, ownerOf(state, TASK, idOf(item))),
    contacted(item, account) {
      const today = state.now().toISOString().slice(0, 10)
      const by = ownerOf(state, TASK, idOf(item))
      state.updateRecord('Account', account, { Last_Contact_Date__c: today, LastActivityDate: today }, by)
    },
    // Salesforce counts how often its own mails are opened; of others' there is nothing but the log.
    opened: () => {},
    reply: (item, account, contact) => reply(state, idOf(item), account, contact),
    unsubscribe: (contact, fromAll) => unsubscribe(state, staff, contact, fromAll),
  }
}

/** Whoever owns a record and still works there; otherwise the org's admin. */
export function ownerOf(state: SalesforceState, type: string, id: string): By {
  const owner = activeOwner(state, type, id)
  return { userId: owner ?? state.users.admin, client: null }
}

/** Null: it belongs to a queue, to somebody who has left, or to the app itself. */
function activeOwner(state: SalesforceState, type: string, id: string): string | null {
  const owner = state.value(type, id, 'OwnerId')
  if (typeof owner !== 'string' || owner === state.users.integration) return null
  const users = state.tables.table('User')
  const row = users.byId.get(owner)
  return row !== undefined && users.get(row, 'IsActive') !== false ? owner : null
}

/** With the namespace of the package, where it was installed with one; null: it was not. */
function actionField(state: SalesforceState): string | null {
  const ours = state
    .fields(TASK)
    .find(({ name }) => name === ACTION_FIELD || name.endsWith(`__${ACTION_FIELD}`))
  return ours?.name ?? null
}

/** Ids of tasks that were made since this was last asked. */
function* newTasks(state: SalesforceState): Generator<string> {
  const seen = seenUpTo(state, TASK)
  const rows = state.tables.table(TASK).rows()
  let from = rows.length
  while (from > 0 && rows[from - 1].id > seen) from--
  if (from === rows.length) return
  const fresh = rows.slice(from)
  for (const { id, deletedAt } of fresh) if (deletedAt === 0) yield id
  rememberSeen(state, TASK, fresh[fresh.length - 1].id)
}

const idOf = (item: string): string => item.slice(item.indexOf(':') + 1)

const isEmail = (state: SalesforceState, id: string): boolean =>
  state.value(TASK, id, 'TaskSubtype') === 'Email' || state.value(TASK, id, 'Type') === 'Email'
const isDone = (state: SalesforceState, id: string): boolean =>
  state.value(TASK, id, 'Status') === 'Completed'

const actionOf = (state: SalesforceState, id: string): string =>
  String(state.value(TASK, id, actionField(state) ?? '') ?? '')

function taskAt(state: SalesforceState, id: string): GivenTask {
  const kinds = [state.value(TASK, id, 'TaskSubtype'), state.value(TASK, id, 'Type')]
  return {
    kind: 'task',
    customer: customerOf(state, id),
    action: actionOf(state, id),
    done: isDone(state, id),
    assigned: activeOwner(state, TASK, id) !== null,
    call: kinds.includes('Call'),
  }
}

function emailAt(state: SalesforceState, id: string): SentEmail {
  const who = state.value(TASK, id, 'WhoId')
  return {
    kind: 'email',
    customer: customerOf(state, id),
    action: actionOf(state, id),
    contact: typeof who === 'string' ? who : null,
  }
}

/** Salesforce works out the Account of an activity from whom and what it is about. */
function customerOf(state: SalesforceState, id: string): string | null {
  const account = state.value(TASK, id, 'AccountId')
  return typeof account === 'string' && lives(state).has(account) ? account : null
}

function logCall(state: SalesforceState, task: string, account: string, reached: boolean): void {
  const by = ownerOf(state, TASK, task)
  const who = state.value(TASK, task, 'WhoId')
  state.createRecord(
    TASK,
    {
      // A person account's activities are its contact's.
      ...(state.value('Account', account, 'IsPersonAccount') === true ? {} : { WhatId: account }),
      WhoId: who,
      OwnerId: by.userId,
      Subject: 'Call',
      TaskSubtype: 'Call',
      CallType: 'Outbound',
      CallDisposition: reached ? 'Connected' : 'No answer',
      Status: 'Completed',
      ActivityDate: state.now().toISOString().slice(0, 10),
    },
    by,
  )
}

function reply(state: SalesforceState, email: string, account: string, contact: string): void {
  const by = ownerOf(state, 'Account', account)
  state.createRecord(
    TASK,
    {
      WhatId: state.value(TASK, email, 'WhatId'),
      WhoId: contact,
      OwnerId: by.userId,
      Subject:
        `Email: Re: ${String(state.value(TASK, email, 'Subject') ?? '').replace(/^Email: /, '')}`.slice(
          0,
          255,
        ),
      Description: 'Thank you, let us talk about it next week.',
      TaskSubtype: 'Email',
      Status: 'Completed',
      ActivityDate: state.now().toISOString().slice(0, 10),
    },
    by,
  )
}

function unsubscribe(state: SalesforceState, staff: Staff, contact: string, fromAll: boolean): boolean {
  const row = state.tables.table('Contact').byId.get(contact)
  if (row === undefined || row.deletedAt > 0) return false
  const said = (field: string): boolean => state.value('Contact', contact, field) === true
  if (state.value('Contact', contact, 'Email') === null || said('HasOptedOutOfEmail')) return false
  const individual = state.value('Contact', contact, 'IndividualId')
  if (typeof individual === 'string') {
    if (state.value('Individual', individual, 'HasOptedOutSolicit') === true) return false
    if (fromAll) state.updateRecord('Individual', individual, { HasOptedOutSolicit: true }, staff.preferences)
  }
  const account = state.value('Contact', contact, 'AccountId')
  // Of a person account the Account is written, and the contact behind it follows.
  if (said('IsPersonAccount') && typeof account === 'string')
    state.updateRecord('Account', account, { PersonHasOptedOutOfEmail: true }, staff.preferences)
  else state.updateRecord('Contact', contact, { HasOptedOutOfEmail: true }, staff.preferences)
  return true
}
