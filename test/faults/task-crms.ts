/** The sandboxes of CRMs in which workers make tasks, as tests look at them from outside. */
import { startHubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { startSalesforceSandbox } from '../../connectors/salesforce/sandbox/server.ts'
import type { FaultEffect } from '../../connectors/sandbox/faults.ts'
import { openCrm, type CrmPlace } from '../support/worker-crm.ts'

/** How long an answer is on its way, so that many a death falls between what the CRM did and what the worker hears. */
const SLOW = { kind: 'slow', ms: 40 } as const

export interface MadeTask {
  readonly id: string
  readonly key: unknown
  /** What it is about. */
  readonly customers: readonly string[]
}

/** `busy`: 429 with a Retry-After; `lost`: the change took effect, and nobody was told. */
export type Disturbance = 'busy' | 'failing' | 'away' | 'lost' | 'cut' | 'hang' | 'locked'

const EFFECTS: Readonly<Record<Disturbance, FaultEffect>> = {
  busy: { kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
  failing: { kind: 'answer', status: 500 },
  away: { kind: 'answer', status: 503 },
  lost: { kind: 'drop', when: 'after' },
  cut: { kind: 'cut' },
  hang: { kind: 'hang', done: true },
  locked: { kind: 'locked' },
}

export interface TaskCrm {
  readonly place: CrmPlace
  /** Of records of customers. */
  readonly object: string
  readonly owners: readonly string[]
  addCustomer(name: string): string
  countTasks(): number
  tasks(): readonly MadeTask[]
  /** Keys of records of what was done; null: it keeps none. */
  kept(): readonly unknown[] | null
  /** Calls that wrote such records. */
  keeping(): number
  calls(): number
  /** Goes wrong in this way with the next calls that make tasks, one each. */
  disturb(how: Disturbance): void
  close(): Promise<void>
}

/** What connecting a CRM does before anything is written there. */
async function provisioned(crm: TaskCrm): Promise<TaskCrm> {
  const connector = openCrm(crm.place)
  await connector.provision?.()
  await connector.close()
  return crm
}

export async function startTaskHubSpot(): Promise<TaskCrm> {
  const sandbox = await startHubSpotSandbox({
    clock: () => new Date(),
    // Not what is tried here: at HubSpot's own pace it would take minutes more.
    limits: { privateApp: Infinity, daily: Infinity },
  })
  const { state, url, portal } = sandbox
  const owners = ['501', '502', '503']
  const at = '2026-01-01T00:00:00Z'
  for (const id of owners)
    state.setOwner({
      id,
      firstName: 'Rep',
      lastName: id,
      email: `rep-${id}@acme.example`,
      userId: Number(id),
      archived: false,
      createdAt: at,
      updatedAt: at,
    })
  sandbox.faults.inject({ path: /\/tasks\/batch\/upsert$/, times: Infinity, effect: SLOW })
  return provisioned({
    place: { kind: 'hubspot', url, portal, token: sandbox.privateAppToken() },
    object: 'companies',
    owners,
    addCustomer: (name) => state.createRecord('companies', { name }),
    countTasks: () => state.count('tasks'),
    tasks: () =>
      state.ids('tasks').map((id) => ({
        id,
        key: state.record('tasks', id)!.properties['holdfast_key'],
        customers: state.associated('tasks', id, 'companies').map((one) => one.id),
      })),
    kept: () => null,
    keeping: () => 0,
    calls: () => sandbox.requests().length,
    disturb: (how) => void sandbox.faults.inject({ path: /\/tasks\/batch\/upsert$/, effect: EFFECTS[how] }),
    close: () => sandbox.close(),
  })
}

export async function startTaskSalesforce(): Promise<TaskCrm> {
  const sandbox = await startSalesforceSandbox({ clock: () => new Date(), limits: { daily: Infinity } })
  const { state, url, org } = sandbox
  const owners = ['a', 'b', 'c'].map((name) =>
    state.createRecord('User', {
      Username: `rep-${name}@acme.example`,
      Email: `rep-${name}@acme.example`,
      Alias: name,
      LastName: name,
    }),
  )
  const written = /\/composite\/sobjects\/(Task|Retention_Intervention__c)\//
  sandbox.faults.inject({ method: 'PATCH', path: written, times: Infinity, effect: SLOW })
  return provisioned({
    place: {
      kind: 'salesforce',
      url,
      org,
      username: sandbox.user.username,
      token: sandbox.authorize().accessToken,
    },
    object: 'Account',
    owners,
    addCustomer: (name) => state.createRecord('Account', { Name: name }),
    countTasks: () => state.count('Task'),
    tasks: () =>
      [...state.records('Task')].map(({ id, values }) => ({
        id,
        key: values['Holdfast_Key__c'],
        customers: [String(values['WhatId'])],
      })),
    kept: () => [...state.records('Retention_Intervention__c')].map(({ values }) => values['Key__c']),
    keeping: () =>
      sandbox.requests().filter(({ path }) => path.includes('/Retention_Intervention__c/')).length,
    calls: () => sandbox.requests().length,
    disturb: (how) =>
      void sandbox.faults.inject({ method: 'PATCH', path: /\/sobjects\/Task\//, effect: EFFECTS[how] }),
    close: () => sandbox.close(),
  })
}
