import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { startSalesforceSandbox } from '../../connectors/salesforce/sandbox/server.ts'
import type { InterventionId } from '../../src/contracts/ids.ts'
import { readApprovals, writeApprovals } from '../../src/loop/approval-tasks.ts'
import { previewJudge } from '../../src/loop/preview-judge.ts'
import type { Database } from '../../src/store/database.ts'
import { moveIntervention } from '../../src/store/intervention-moves.ts'
import { approve, snooze } from '../../src/store/interventions.ts'
import { listInterventions } from '../../src/store/reads/interventions.ts'
import { addDecision } from '../support/deciding.ts'
import { openActing, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { configOf, crmConnectors, openCrm, type CrmPlace } from '../support/worker-crm.ts'

interface AskedTask {
  readonly id: string
  readonly key: unknown
  readonly subject: string
  readonly text: string
  readonly owner: unknown
}

/** A sandbox with one customer, whose responsible is `owner`. */
interface Crm {
  readonly place: CrmPlace
  readonly customer: string
  readonly owner: string
  tasks(): readonly AskedTask[]
  complete(id: string): void
  remove(id: string): void
  close(): Promise<void>
}

async function hubspot(): Promise<Crm> {
  const sandbox = await startHubSpotSandbox({ clock: () => new Date(), limits: { privateApp: Infinity } })
  const { state, url, portal } = sandbox
  const at = '2026-01-01T00:00:00Z'
  state.setOwner({
    id: '501',
    firstName: 'Rep',
    lastName: 'One',
    email: 'rep@acme.example',
    userId: 501,
    archived: false,
    createdAt: at,
    updatedAt: at,
  })
  return {
    place: { kind: 'hubspot', url, portal, token: sandbox.privateAppToken() },
    customer: state.createRecord('companies', { name: 'Ada Ltd' }),
    owner: '501',
    tasks: () =>
      state.ids('tasks').map((id) => ({
        id,
        key: state.value('tasks', id, 'holdfast_key'),
        subject: String(state.value('tasks', id, 'hs_task_subject')),
        text: String(state.value('tasks', id, 'hs_task_body')),
        owner: state.value('tasks', id, 'hubspot_owner_id'),
      })),
    complete: (id) => void state.updateRecord('tasks', id, { hs_task_status: 'COMPLETED' }),
    remove: (id) => void state.archiveRecord('tasks', id),
    close: () => sandbox.close(),
  }
}

async function salesforce(): Promise<Crm> {
  const sandbox = await startSalesforceSandbox({ clock: () => new Date(), limits: { daily: Infinity } })
  const { state, url, org } = sandbox
  const owner = state.createRecord('User', {
    Username: 'rep@acme.example',
    Email: 'rep@acme.example',
    Alias: 'rep',
    LastName: 'Rep',
  })
  return {
    place: {
      kind: 'salesforce',
      url,
      org,
      username: sandbox.user.username,
      token: sandbox.authorize().accessToken,
    },
    customer: state.createRecord('Account', { Name: 'Ada Ltd' }),
    owner,
    tasks: () =>
      [...state.records('Task')].map(({ id, values }) => ({
        id,
        key: values['Holdfast_Key__c'],
        subject: String(values['Subject']),
        text: String(values['Description']),
        owner: values['OwnerId'],
      })),
    complete: (id) => void state.updateRecord('Task', id, { Status: 'Completed' }),
    remove: (id) => void state.deleteRecord('Task', id),
    close: () => sandbox.close(),
  }
}

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

describe.each([
  ['HubSpot', hubspot],
  ['Salesforce', salesforce],
] as const)(`approval by a task in %s (${databaseKind})`, (_, start) => {
  let crm: Crm
  let place: Place
  beforeAll(async () => {
    crm = await start()
    const connector = openCrm(crm.place)
    await connector.provision?.()
    await connector.close()
    place = await acting.scene({
      settings: { delivery: { mode: 'sandbox', approval: { email: true } } },
      responsible: { name: 'Rep', email: 'rep@acme.example', id: crm.owner },
      connection: { kind: crm.place.kind, sandbox: true, config: { ...configOf(crm.place), builtIn: true } },
    })
    await acting.sql(place, 'update customers set external_id = $1 where id = $2', [
      crm.customer,
      place.customer,
    ])
  })
  afterAll(() => crm.close())

  const waiting = (): Promise<InterventionId> => acting.plan(place, { state: 'awaiting_approval' })
  const services = (database: Database = acting.database) => ({
    database,
    clock: acting.services.clock,
    connectors: crmConnectors(crm.place),
    asking: {
      preview: () => previewJudge(acting.services, place.tenant),
      publicUrl: 'https://holdfast.example.com',
    },
  })
  async function withCrm<T>(
    work: (open: () => Promise<ReturnType<typeof openCrm>>) => Promise<T>,
  ): Promise<T> {
    const connector = openCrm(crm.place)
    try {
      return await work(() => Promise.resolve(connector))
    } finally {
      await connector.close()
    }
  }
  const context = () => ({ ...place, signal: new AbortController().signal })
  const ask = (database?: Database) => withCrm((open) => writeApprovals(services(database), context(), open))
  const look = () => withCrm((open) => readApprovals(services(), context(), open, 0))
  const about = (key: string) => crm.tasks().filter((one) => one.key === key)
  const stateOf = async (id: InterventionId) => {
    const { state, approvedBy, reasonCode } = await acting.read(place, id)
    return { state, approvedBy, reasonCode }
  }

  it('asks whoever is responsible once, with what would be sent, what it costs and until when', async () => {
    const id = await waiting()
    expect(await ask()).toEqual({ asked: 1, unasked: 0 })
    expect(await ask()).toEqual({ asked: 0, unasked: 0 })
    const [task, ...others] = about(`approve:${id}`)
    expect(others).toEqual([])
    expect(task.owner).toBe(crm.owner)
    expect(task.subject).toMatch(/^Approve: .* for Ada Ltd$/)
    const message = (await acting.read(place, id)).message
    expect(message).toBeNull()
    for (const part of [
      'Completing this task approves it',
      'Subject: ',
      'What it costs',
      'Answer before ',
      id,
    ])
      expect(task.text).toContain(part)
    expect(task.text).not.toContain('/unsubscribe')
    // It is looked at again before long.
    const [step] = await acting.sql(
      place,
      `select due_at > now() + interval '10 minutes' and due_at < now() + interval '20 minutes' as soon from steps
       where connection_id = $1 and step = 'observe' and cause = 'approval'`,
      [place.connection],
    )
    expect(step).toEqual({ soon: true })

    expect(await look()).toEqual({ approved: 0, rejected: 0 })
    crm.complete(task.id)
    expect(await look()).toEqual({ approved: 1, rejected: 0 })
    expect(await stateOf(id)).toEqual({ state: 'planned', approvedBy: 'crm', reasonCode: 'approved' })
    expect(await acting.act(place, id)).toBe('sent')
    expect(await look()).toEqual({ approved: 0, rejected: 0 })
  })

  it('takes a task that was deleted as a no', async () => {
    const id = await waiting()
    await ask()
    crm.remove(about(`approve:${id}`)[0].id)
    expect(await look()).toEqual({ approved: 0, rejected: 1 })
    expect(await stateOf(id)).toMatchObject({ state: 'rejected', reasonCode: 'not_right' })
    expect(await ask()).toEqual({ asked: 0, unasked: 0 })
  })

  it('makes no second task when the process dies between making and noting it', async () => {
    const id = await waiting()
    let transactions = 0
    const dying: Database = {
      ...acting.database,
      withTenant: (tenant, work) =>
        ++transactions === 2 ? Promise.reject(new Error('killed')) : acting.database.withTenant(tenant, work),
    }
    await expect(ask(dying)).rejects.toThrow('killed')
    expect(about(`approve:${id}`)).toHaveLength(1)
    expect(await ask()).toEqual({ asked: 1, unasked: 0 })
    expect(about(`approve:${id}`)).toHaveLength(1)
    crm.remove(about(`approve:${id}`)[0].id)
    await look()
  })

  it('lets an answer that was given elsewhere stand, whatever becomes of the task', async () => {
    const [made, never] = [await waiting(), await waiting()]
    await acting.database.withTenant(place.tenant, (tx) => approve(tx, never, { actor: 'user:ann' }))
    expect(await ask()).toEqual({ asked: 1, unasked: 0 })
    expect(about(`approve:${never}`)).toEqual([])
    await acting.database.withTenant(place.tenant, (tx) => approve(tx, made, { actor: 'user:ann' }))
    crm.remove(about(`approve:${made}`)[0].id)
    expect(await look()).toEqual({ approved: 0, rejected: 0 })
    expect(await stateOf(made)).toMatchObject({ state: 'planned', approvedBy: 'user:ann' })

    // Its yes became too old: that is another question, which the old task does not answer.
    await acting.database.withTenant(place.tenant, (tx) =>
      moveIntervention(tx, {
        id: made,
        from: ['planned'],
        to: 'awaiting_approval',
        actor: 'a test',
        reasonCode: 'approval_expired',
      }),
    )
    expect(await look()).toEqual({ approved: 0, rejected: 0 })
    expect(await ask()).toEqual({ asked: 1, unasked: 0 })
    const [again] = about(`approve:${made}:2`)
    crm.complete(again.id)
    expect(await look()).toEqual({ approved: 1, rejected: 0 })
    expect(await stateOf(made)).toMatchObject({ state: 'planned', approvedBy: 'crm' })
  })

  it('asks the same question once it was put off', async () => {
    const id = await waiting()
    await ask()
    await acting.database.withTenant(place.tenant, (tx) =>
      snooze(tx, id, { actor: 'user:ann', until: new Date(Date.now() + 3_600_000) }),
    )
    crm.complete(about(`approve:${id}`)[0].id)
    expect(await look()).toEqual({ approved: 0, rejected: 0 })
    await acting.database.withTenant(place.tenant, (tx) =>
      moveIntervention(tx, {
        id,
        from: ['snoozed'],
        to: 'awaiting_approval',
        actor: 'a test',
        reasonCode: 'snooze_over',
      }),
    )
    expect(await ask()).toEqual({ asked: 0, unasked: 0 })
    expect(await look()).toEqual({ approved: 1, rejected: 0 })
  })

  it('asks one person for so many at a time, what is worth most first, and for the rest as soon as there is room', async () => {
    const delivery = (perPerson: number | null) => ({
      delivery: { mode: 'sandbox', approval: { email: true, perPerson } },
    })
    await acting.settings(place, delivery(2))
    const worth = [300, 900, 100, 500]
    const ids: InterventionId[] = []
    for (const [at, expectedValueMinor] of worth.entries()) {
      const decision = await addDecision(acting.database, place, {
        action: 'email',
        period: `2026-0${at + 1}`,
        weighed: { email: [expectedValueMinor, 'open'] },
        expectedValueMinor,
      })
      ids.push(await acting.plan(place, { state: 'awaiting_approval', decision }))
    }
    const asked = () => ids.map((id) => about(`approve:${id}`).length)
    const problems = () =>
      acting.database.withTenant(place.tenant, async (tx) => {
        const { items } = await listInterventions(tx, { state: ['awaiting_approval'] })
        return ids.map((id) => items.find((one) => one.id === id)?.askProblem ?? null)
      })
    expect(await ask()).toEqual({ asked: 2, unasked: 0 })
    expect(asked()).toEqual([0, 1, 0, 1])
    expect(await ask()).toEqual({ asked: 0, unasked: 0 })
    const [first, second] = await problems()
    expect(first).toMatch(/^Rep has 2 approvals to answer in the CRM.*delivery\.approval\.perPerson/)
    expect(second).toBeNull()
    // It is looked at again before long, also where nobody answers.
    const [step] = await acting.sql(
      place,
      `select due_at < now() + interval '20 minutes' as soon from steps where connection_id = $1 and step = 'write_back'`,
      [place.connection],
    )
    expect(step).toEqual({ soon: true })
    crm.complete(about(`approve:${ids[1]}`)[0].id)
    await look()
    expect(await ask()).toEqual({ asked: 1, unasked: 0 })
    expect(asked()).toEqual([1, 1, 0, 1])
    expect((await problems())[0]).toBeNull()
    // What waits for room is answered here all the same.
    await acting.database.withTenant(place.tenant, (tx) => approve(tx, ids[2], { actor: 'user:ann' }))
    expect(await stateOf(ids[2])).toMatchObject({ state: 'planned' })
    await acting.settings(place, delivery(null))
    expect(await ask()).toEqual({ asked: 0, unasked: 0 })
    for (const at of [0, 3]) crm.remove(about(`approve:${ids[at]}`)[0].id)
    await look()
  })

  it('asks nobody while that is switched off, all is paused, or nothing but dry runs happen', async () => {
    const id = await waiting()
    const mode = 'sandbox'
    for (const delivery of [
      { mode, approval: { email: true, byTask: false } },
      { mode: 'dry_run', approval: { email: true } },
      { mode: 'live', approval: { email: true } },
    ]) {
      await acting.settings(place, { delivery })
      expect(await ask()).toEqual({ asked: 0, unasked: 0 })
    }
    await acting.settings(place, { delivery: { mode, approval: { email: true } } })
    await acting.sql(place, `update tenants set status = 'paused', paused_reason = 'a test' where id = $1`, [
      place.tenant,
    ])
    expect(await ask()).toEqual({ asked: 0, unasked: 0 })
    await acting.sql(place, `update tenants set status = 'active', paused_reason = null where id = $1`, [
      place.tenant,
    ])
    expect(await ask()).toEqual({ asked: 1, unasked: 0 })

    // Who no longer wants answers from the CRM gets none, also not to what was asked before.
    await acting.settings(place, { delivery: { mode, approval: { email: true, byTask: false } } })
    crm.complete(about(`approve:${id}`)[0].id)
    expect(await look()).toEqual({ approved: 0, rejected: 0 })
  })
})
