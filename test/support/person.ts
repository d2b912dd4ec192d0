/** A person of whom something is held in every place that can hold something: for what finds, gives out and forgets. */
import { randomUUID } from 'node:crypto'
import { asCustomer, type ConnectionId, type CustomerId, type TenantId } from '../../src/contracts/ids.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import type { Database } from '../../src/store/database.ts'
import { PERSONAL_PLACES } from '../../src/store/people/places.ts'
import { addConnection, addTenant } from './database.ts'
import { ADDRESS_KEY } from './keys.ts'

export const ANN = {
  name: 'Ann-Marie O"Hara',
  email: 'ann.ohara@example.com',
  phone: '+4917012345678',
} as const

export interface HeldPerson {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  /** The person as a customer. */
  readonly self: CustomerId
  /** A company that she is a contact of, with Bo beside her. */
  readonly company: CustomerId
  /** Id of the record in the CRM: of the customer, and of the contact. */
  readonly record: string
  readonly contact: string
  readonly intervention: string
}

const hash = (kind: 'email' | 'phone', address: string, key: Buffer): Buffer =>
  hashAddress(key, kind, address)!

/**
 * Ann as a customer of her own and as a contact of a company.
 *
 * @param key what addresses are hashed with
 */
export async function addHeldPerson(
  database: Database,
  { key = ADDRESS_KEY, at = new Date(), tenant: given }: { key?: Buffer; at?: Date; tenant?: TenantId } = {},
): Promise<HeldPerson> {
  const tenant = given ?? (await addTenant(database, 'Acme'))
  const connection = await addConnection(database, tenant, { kind: 'hubspot', name: 'The portal' })
  const [record, contact] = [randomUUID(), randomUUID()]
  const email = hash('email', ANN.email, key)
  const phone = hash('phone', ANN.phone, key)
  return database.withTenant(tenant, async (tx) => {
    const put = async (table: string, row: Readonly<Record<string, unknown>>): Promise<number> => {
      const all = { tenant_id: tenant, ...row }
      const values = Object.values(all).map((value) => (isPlain(value) ? JSON.stringify(value) : value))
      const places = values.map((_, index) => `$${index + 1}`).join(', ')
      const [made] = await tx.query<Record<string, unknown>>(
        `insert into ${table} (${Object.keys(all).join(', ')}) values (${places}) returning *`,
        values,
      )
      return made['id'] as number
    }
    const of = { connection_id: connection }
    const customer = (differs: object) =>
      put('customers', {
        ...of,
        object: 'companies',
        properties: {},
        properties_hash: 'x',
        group_key: 'g',
        group_name: 'policy',
        ...differs,
      })
    const self = await customer({
      object: 'contacts',
      external_id: record,
      name: ANN.name,
      properties: { email: ANN.email, plan: 'Team' },
    })
    const company = await customer({
      external_id: 'acme',
      name: 'Acme Ltd',
      properties: { main_contact: ANN.email, note: `Ask ${ANN.name} first`, plan: 'Team' },
    })
    await customer({
      external_id: 'led',
      name: 'Led Ltd',
      responsible_name: ANN.name,
      responsible_email: ANN.email,
    })
    const person = {
      name: ANN.name,
      email: ANN.email,
      email_hash: email,
      phone: ANN.phone,
      phone_hash: phone,
    }
    await put('recipients', { customer_id: self, external_id: record, ...person })
    const asContact = await put('recipients', { customer_id: company, external_id: contact, ...person })
    await put('recipients', {
      customer_id: company,
      external_id: 'bo',
      name: 'Bo',
      email: 'bo@example.com',
      email_hash: hash('email', 'bo@example.com', key),
      rank: 1,
    })
    await put('agreements', { customer_id: self, external_id: 'deal', monthly_minor: 900, currency: 'EUR' })
    await put('property_changes', { customer_id: self, valid_at: at, changes: { email: ANN.email } })
    await put('property_changes', {
      customer_id: company,
      valid_at: at,
      changes: { main_contact: ANN.email },
    })
    await put('scores', {
      customer_id: self,
      ...of,
      scored_at: at,
      as_of: '2026-11-20',
      probability: 0.4,
      kind: 'snapshot',
      monthly_hazard: 0.03,
      level: 'HIGH',
      level_since: at,
      reasons: '[]',
      data_confidence: 0.9,
      model_hash: 'm',
      feature_set_hash: 'f',
      input_hash: 'i',
      state: [0],
    })
    await put('score_history', {
      customer_id: self,
      scored_at: at,
      probability: 0.4,
      level: 'HIGH',
      model_hash: 'm',
    })
    await put('write_backs', {
      customer_id: self,
      ...of,
      fields: { riskPercent: 40 },
      written_at: at,
      status: 'written',
    })
    await tx.query(
      'insert into write_back_due (tenant_id, customer_id, connection_id) values ($1, $2, $3) on conflict do nothing',
      [tenant, self, connection],
    )
    await put('profiling_objections', { customer_id: self, ...of, source: 'record' })
    await put('holds', {
      customer_id: company,
      kind: 'replied',
      reason: `${ANN.name} answered.`,
      actor: 'recipient',
    })
    const decision = await put('decisions', {
      customer_id: self,
      ...of,
      period: '2026-11',
      decided_at: at,
      group_name: 'policy',
      group_salt_id: 's',
      data_as_of: '2026-11-20',
      probability: 0.4,
      monthly_hazard: 0.03,
      level: 'HIGH',
      state: [0],
      state_version: 1,
      feature_set_hash: 'f',
      model_hash: 'm',
      policy_hash: 'p',
      settings_version: 0,
      action_keys: ['email'],
      masks: ['open'],
      gains: [1],
      costs: [1],
      effect_means: [0],
      effect_sds: [0],
      lambda: 0,
      probabilities: [1],
      action_key: 'email',
      propensity: 1,
      draw: 0.5,
      draw_identity: '[]',
      planned_cost_minor: 60,
      currency: 'EUR',
    })
    await put('outcomes', {
      decision_id: decision,
      days: 30,
      customer_id: self,
      ...of,
      decided_at: at,
      churned: false,
      censored: false,
      cause: 'stayed',
      currency: 'EUR',
      observed_at: at,
    })
    const intervene = async (differs: object): Promise<string> => {
      const id = randomUUID()
      await put('interventions', {
        id,
        ...of,
        action_key: 'discount_10',
        channel: 'email',
        idempotency_key: id,
        expires_at: new Date(at.getTime() + 86_400_000),
        currency: 'EUR',
        created_by: 'policy',
        ...differs,
      })
      return id
    }
    const message = {
      kind: 'email',
      delivery: 'live',
      to: { name: ANN.name, address: ANN.email },
      subject: `Dear ${ANN.name}`,
      text: 'Stay with us.',
      recipientId: record,
    }
    const intervention = await intervene({
      customer_id: self,
      decision_id: decision,
      state: 'planned',
      message,
      address_hash: email,
    })
    await intervene({
      customer_id: company,
      state: 'sent',
      recipient_id: asContact,
      message: { ...message, recipientId: contact },
      address_hash: email,
      sent_at: at,
    })
    const beside = await intervene({
      customer_id: company,
      state: 'suppressed',
      reason: `${ANN.name} said no.`,
    })
    for (const [id, reason] of [
      [intervention, null],
      [beside, `Kept back by ${ANN.name}`],
    ])
      await put('intervention_events', { intervention_id: id, to_state: 'suppressed', actor: 'test', reason })
    for (const [id, customer_id] of [
      [intervention, self],
      [beside, company],
    ])
      await put('rep_answers', {
        intervention_id: id,
        customer_id,
        ...of,
        action_key: 'discount_10',
        answer: 'not_right',
        reason: 'wrong_contact',
        note: `${ANN.name} has left.`,
        actor: 'user:kim',
        answered_at: at,
      })
    for (const id of [intervention, beside]) {
      const error = { error_message: `${ANN.name} is locked.` }
      await put('activities', { intervention_id: id, ...of, ...error })
      await put('crm_interventions', { intervention_id: id, ...of, ...error })
      await put('approval_tasks', { intervention_id: id, ...of, awaiting_since: at, ...error })
      await put('call_outcomes', { intervention_id: id, status: 'done', outcome: `${ANN.name} will think.` })
    }
    await put('offers', {
      intervention_id: intervention,
      customer_id: self,
      ...of,
      action_key: 'discount_10',
      fulfilment: 'pool',
      delivery: 'live',
      basis_points: 1000,
      months: 3,
      currency: 'EUR',
      expires_on: '2030-01-01',
      code: 'ANN10',
      status: 'issued',
    })
    await put('offer_codes', {
      pool: 'spring',
      code: 'ANN10',
      imported_by: 'test',
      intervention_id: intervention,
    })
    await put('offer_redemptions', {
      intervention_id: intervention,
      redeemed_at: at,
      source: 'api',
      actor: 'test',
    })
    await put('offer_costs', {
      intervention_id: intervention,
      month: 0,
      at,
      currency: 'EUR',
      source: 'billing',
    })
    await put('delivery_events', {
      intervention_id: intervention,
      channel: 'email',
      kind: 'delayed',
      at,
      dedup_key: randomUUID(),
      address_hash: email,
      detail: `The mailbox of ${ANN.name} is full`,
    })
    await put('consents', {
      address_hash: email,
      channel: 'email',
      status: 'granted',
      source: 'crm',
      changed_at: at,
    })
    await put('suppressions', { address_hash: phone, channel: 'sms', reason: 'unsubscribed', source: 'test' })
    await put('consent_outbox', {
      ...of,
      address_hash: email,
      channel: 'email',
      status: 'granted',
      changed_at: at,
    })
    await put('webhook_receipts', { ...of, dedup_key: 'k', hint: { object: 'contacts', id: record } })
    await put('workflow_calls', {
      ...of,
      callback: 'ap-1',
      action: 'score',
      object: 'contacts',
      external_id: record,
      asked_by: 'workflow 7',
      expires_at: '2030-01-01',
    })
    await put('idempotent_requests', {
      route: 'POST /v1/x',
      key: 'k',
      request_hash: 'h',
      status: 200,
      answer: { customer: self, customerName: ANN.name },
    })
    await put('told', {
      kind: 'customer.answered',
      level: 'info',
      subject: 'Somebody answered',
      body: `${ANN.name} of Acme Ltd answered.`,
      dedup_key: 'k',
      via: 'email',
      target: 'ops@acme.example',
    })
    await put('audit_log', {
      actor: 'user:kim',
      action: 'customer.hold',
      object: String(company),
      detail: { reason: `${ANN.name} asked for it` },
    })
    await put('runs', {
      id: randomUUID(),
      ...of,
      step: 'sync',
      cause: 'cli',
      status: 'failed',
      error_message: `${ANN.name}: no`,
    })
    await put('steps', { ...of, step: 'observe', error_message: `${ANN.email} is no number` })
    await put('pauses', { scope: 'action', name: 'email', reason: `${ANN.name} complained`, actor: 'test' })
    await put('settings_versions', {
      version: 1,
      settings: { delivery: { testList: [ANN.email] } },
      author: 'user:kim',
    })
    await put('training_runs', {
      id: randomUUID(),
      created_by: 'user:kim',
      source: 'connection',
      source_name: 'The portal',
      ...of,
      request: {},
      state: 'failed',
      error_message: `${ANN.name} is no number`,
    })
    await put('attention_seen', { key: 'step:x', mark: 'm', actor: 'user:kim', note: `${ANN.name} knows` })
    await put('customer_views', {
      id: randomUUID(),
      name: 'Ours',
      query: { q: ANN.email },
      columns: [],
      created_by: 'user:kim',
    })
    await put('customer_view_defaults', { subject: ANN.email, view: 'all' })
    await put('people', {
      id: randomUUID(),
      email: ANN.email,
      name: ANN.name,
      role: 'viewer',
      created_by: 'user:kim',
    })
    await put('sessions', {
      hash: Buffer.from(randomUUID()),
      subject: ANN.email,
      role: 'viewer',
      expires_at: at,
    })
    await put('sign_in_links', {
      hash: Buffer.from(randomUUID()),
      subject: ANN.email,
      role: 'viewer',
      expires_at: at,
    })
    return {
      tenant,
      connection,
      self: asCustomer(self),
      company: asCustomer(company),
      record,
      contact,
      intervention,
    }
  })
}

const isPlain = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** Names of all places, in their order. */
export const PLACE_NAMES = PERSONAL_PLACES.map(({ name }) => name)
