/**
 * Every table, and what of a person lies in it: the one list that finding, giving out, forgetting and ageing go by. A
 * table that is not in here fails a test until somebody has thought about it.
 */
import type { AgeSetting } from '../../settings/retention.ts'

/** For how long it is kept: a setting, or why it is kept for longer. */
export type Kept = { readonly setting: AgeSetting } | { readonly because: string }

export interface PersonalPlace {
  readonly table: string
  /** As an answer names it: `scores`, `namedIn.customers`. */
  readonly name: string
  /** As people read it. */
  readonly title: string
  /** Which rows are about a person: a condition on `t` with the names of {@link Subject} as `:customers`. */
  readonly where: string
  /** What of a row is given out, as a JSON expression on `t`; null: all of it but what is ours alone. */
  readonly shown: string | null
  /** Why the columns are not given out that `shown` does not name: of all of them, or of each. */
  readonly withheld?: string | Readonly<Record<string, string>>
  /** What forgetting does: the rows go, or what is said of the person in them does, or it stays and why. */
  readonly erased: 'deleted' | 'forgotten' | { readonly stays: string }
  readonly kept: Kept
}

export interface OtherPlace {
  readonly table: string
  /** Why there is nothing of a customer's people in it. */
  readonly nothing: string
}

const WITH_CUSTOMER: Kept = { setting: 'customersLeft' }
const of = (table: string, title: string, where: string, differs: Partial<PersonalPlace> = {}) => ({
  table,
  name: table,
  title,
  where,
  shown: null,
  erased: 'deleted' as const,
  kept: WITH_CUSTOMER,
  ...differs,
})

const OF_SIGN_IN = {
  hash: 'Of a secret that the person holds.',
  installation: 'What the sign-in may do, and nothing of the person.',
  person_id: 'Which row of the people it is.',
}
const OF_CUSTOMER = 't.customer_id = any (:customers)'
const OF_INTERVENTION = 't.intervention_id = any (:interventions)'
/** Rows in which a text names the person. */
const names = (...texts: readonly string[]): string =>
  `lower(concat_ws(E'\\n', ${texts.join(', ')})) ~ :naming`

/** A company that bears a person's name goes on bearing it. */
const NAMING_PROPERTIES = `select p.key, p.value from jsonb_each_text(t.properties) p
  where lower(p.value) ~ :naming and p.value is distinct from t.name`

export const PERSONAL_PLACES: readonly PersonalPlace[] = [
  of('customers', 'The customer', 't.id = any (:customers)'),
  of(
    'customers',
    'Customers whose record names them',
    `t.id = any (:around) and exists (${NAMING_PROPERTIES})`,
    {
      name: 'namedIn.customers',
      shown: `jsonb_build_object('name', t.name, 'properties', (
        select jsonb_object_agg(e.key, e.value) from (${NAMING_PROPERTIES}) e))`,
      withheld: 'A customer of its own, who is somebody else.',
      erased: 'forgotten',
    },
  ),
  of(
    'customers',
    'Customers they are responsible for, as your staff',
    't.responsible_email is not null and lower(t.responsible_email) = any (:emails)',
    {
      name: 'responsibleFor',
      shown: `jsonb_build_object('customer', t.id, 'responsible_name', t.responsible_name,
        'responsible_email', t.responsible_email)`,
      withheld: 'A customer, who is somebody else.',
      erased: { stays: 'Who is responsible is read from the CRM: name somebody else there.' },
    },
  ),
  of('agreements', 'What they pay for', OF_CUSTOMER),
  of('recipients', 'As a contact', 't.id = any (:recipients) or t.customer_id = any (:customers)'),
  of(
    'property_changes',
    'How their record changed',
    `t.customer_id = any (:customers) or t.customer_id = any (:around) and exists (
      select from jsonb_each_text(t.changes) p
      where lower(p.value) ~ :naming and not exists (
        select from customers c where c.tenant_id = t.tenant_id and c.id = t.customer_id and c.name = p.value))`,
    { kept: { setting: 'propertyChanges' } },
  ),
  of('scores', 'Their score in force', OF_CUSTOMER),
  of('book', 'Where they stand in lists', OF_CUSTOMER),
  of('customer_names', 'By what they are looked for', OF_CUSTOMER),
  of('score_history', 'Their scores over time', OF_CUSTOMER, { kept: { setting: 'scoreHistory' } }),
  of('write_backs', 'What their record in the CRM shows', OF_CUSTOMER),
  of('write_back_due', 'That their record is to be written', OF_CUSTOMER),
  of('profiling_objections', 'That they object to being scored', OF_CUSTOMER),
  of(
    'holds',
    'What held actions back',
    `t.customer_id = any (:customers) or t.customer_id = any (:around) and ${names('t.reason')}`,
    { erased: 'deleted' },
  ),
  of('decisions', 'Decisions on them', OF_CUSTOMER),
  of('outcomes', 'What came of decisions on them', OF_CUSTOMER),
  of(
    'interventions',
    'Messages and tasks',
    `t.id = any (:interventions) or t.customer_id = any (:around) and ${names('t.reason')}`,
  ),
  of(
    'rep_answers',
    'What your people said to suggestions',
    `t.customer_id = any (:customers) or t.customer_id = any (:around) and ${names('t.note')}`,
  ),
  of(
    'intervention_events',
    'What became of messages and tasks',
    `${OF_INTERVENTION} or t.intervention_id = any (:beside) and ${names('t.reason', 't.detail::text')}`,
  ),
  of(
    'activities',
    'Messages on the timeline of the CRM',
    `${OF_INTERVENTION} or t.intervention_id = any (:beside) and ${names('t.error_message')}`,
  ),
  of(
    'crm_interventions',
    'Actions as records of the CRM',
    `${OF_INTERVENTION} or t.intervention_id = any (:beside) and ${names('t.error_message')}`,
  ),
  of(
    'approval_tasks',
    'Tasks that asked for an approval',
    `${OF_INTERVENTION} or t.intervention_id = any (:beside) and ${names('t.error_message')}`,
  ),
  of(
    'call_outcomes',
    'What came of calls',
    `${OF_INTERVENTION} or t.intervention_id = any (:beside) and ${names('t.outcome')}`,
  ),
  of(
    'offers',
    'Offers to them',
    `${OF_INTERVENTION} or t.customer_id = any (:around) and ${names('t.status_reason')}`,
  ),
  of('offer_redemptions', 'Offers they took', OF_INTERVENTION),
  of('offer_costs', 'What offers to them cost', OF_INTERVENTION),
  of('offer_codes', 'Codes they were given', OF_INTERVENTION, {
    erased: { stays: 'That a code was given away; to whom goes with the offer.' },
    kept: { because: 'A code that somebody has seen is never given to anybody else.' },
  }),
  of(
    'delivery_events',
    'What providers said of messages',
    `${OF_INTERVENTION} or t.address_hash = any (:hashes)`,
    {
      erased: 'forgotten',
      kept: { setting: 'messages' },
    },
  ),
  of('consents', 'What they agreed to and refused', 't.address_hash = any (:hashes)', {
    erased: { stays: 'As a keyed hash of the address, so that a refusal is still known.' },
    kept: { because: 'A refusal holds until it is taken back.' },
  }),
  of('suppressions', 'Addresses that are not written to', 't.address_hash = any (:hashes)', {
    erased: { stays: 'As a keyed hash of the address, so that nobody writes to it again.' },
    kept: { because: 'Whoever said no is not written to again.' },
  }),
  of('consent_outbox', 'Refusals that the CRM was told', 't.address_hash = any (:hashes)', {
    erased: { stays: 'As a keyed hash of the address, until the CRM knows.' },
    kept: { because: 'The newest answer of an address, until there is a newer one.' },
  }),
  of(
    'webhook_receipts',
    'Events of the CRM about them',
    `t.hint ->> 'id' = any (:ids) and t.connection_id = any (:connections)`,
    {
      kept: { setting: 'webhookReceipts' },
    },
  ),
  of(
    'workflow_calls',
    'What workflows of the CRM asked about them',
    't.external_id = any (:ids) and t.connection_id = any (:connections)',
    { kept: { setting: 'webhookReceipts' } },
  ),
  of(
    'idempotent_requests',
    'Answers that are kept for programs',
    `t.answer -> 'customerName' <> 'null' and t.answer -> 'customer' = any (:answered) or ${names('t.answer::text')}`,
    { erased: 'forgotten', kept: { setting: 'keptAnswers' } },
  ),
  of(
    'told',
    'Notices that name them',
    `t.customer_id = any (:customers) or lower(t.target) = any (:emails) or ${names('t.subject', 't.body', 't.target_name')}`,
    { kept: { setting: 'notices' } },
  ),
  of('audit_log', 'Entries of the audit log that name them', names('t.object', 't.detail::text'), {
    erased: 'forgotten',
    kept: { setting: 'auditLog' },
  }),
  of('runs', 'Errors of passes that name them', names('t.error_message'), {
    erased: 'forgotten',
    kept: { because: 'Figures of the loop, by which it is watched.' },
  }),
  of('steps', 'Errors of steps that name them', names('t.error_message'), {
    erased: 'forgotten',
    kept: { because: 'What is to be done next; the error goes with the next pass.' },
  }),
  of('pauses', 'Reasons of pauses that name them', names('t.reason'), {
    erased: 'forgotten',
    kept: { because: 'Why nothing was sent, for as long as somebody may ask.' },
  }),
  of('training_runs', 'Errors of trainings that name them', names('t.error_message'), {
    erased: 'forgotten',
    kept: { because: 'How a model came about.' },
  }),
  of('attention_seen', 'Notes on what needed a look that name them', names('t.note'), {
    erased: 'forgotten',
    kept: { because: 'Who looked at what, until it is another matter.' },
  }),
  of('customer_views', 'Saved lists that look for them', names('t.name', 't.query::text'), {
    shown: `jsonb_build_object('name', t.name, 'query', t.query)`,
    withheld: 'A list of somebody else, who looked for them.',
    erased: { stays: 'A list is somebody’s own words: rename or delete it.' },
    kept: { because: 'A saved list stays until somebody deletes it.' },
  }),
  of('settings_versions', 'Settings that name them', names('t.settings::text', 't.note'), {
    shown: `jsonb_build_object('version', t.version, 'created_at', t.created_at)`,
    withheld: 'Settings are the company’s own, and go over all of its customers.',
    erased: { stays: 'Settings are the company’s own words: an admin takes the address out of them.' },
    kept: { because: 'Each decision names the settings that it was made under.' },
  }),
  of('people', 'Somebody who signs in, as your staff', 'lower(t.email) = any (:emails)', {
    shown: `jsonb_build_object('id', t.id, 'name', t.name, 'email', t.email, 'role', t.role, 'origin', t.origin,
      'identity', t.identity, 'created_at', t.created_at, 'last_sign_in_at', t.last_sign_in_at,
      'disabled_at', t.disabled_at)`,
    withheld: { created_by: 'Somebody else.' },
    erased: { stays: 'Somebody of yours who signs in: remove them under people and roles.' },
    kept: { because: 'What they did goes on having a name.' },
  }),
  of('customer_view_defaults', 'Which list opens first, as your staff', 'lower(t.subject) = any (:emails)', {
    erased: { stays: 'Somebody of yours who signs in.' },
    kept: { because: 'Until another list is chosen.' },
  }),
  of('sessions', 'Sign-ins, as your staff', 'lower(t.subject) = any (:emails)', {
    shown: `jsonb_build_object('id', t.id, 'subject', t.subject, 'role', t.role, 'means', t.means,
      'address', t.address, 'agent', t.agent, 'created_at', t.created_at, 'last_seen_at', t.last_seen_at,
      'expires_at', t.expires_at, 'revoked_at', t.revoked_at)`,
    withheld: OF_SIGN_IN,
    erased: { stays: 'Somebody of yours who signs in: revoke the access; it goes when it is old enough.' },
    kept: { setting: 'sessions' },
  }),
  of('sign_in_links', 'Links to sign in, as your staff', 'lower(t.subject) = any (:emails)', {
    shown: `jsonb_build_object('subject', t.subject, 'role', t.role, 'created_at', t.created_at,
      'expires_at', t.expires_at, 'used_at', t.used_at)`,
    withheld: OF_SIGN_IN,
    erased: { stays: 'Somebody of yours who signs in; it goes when it is old enough.' },
    kept: { setting: 'sessions' },
  }),
]

export const OTHER_PLACES: readonly OtherPlace[] = [
  { table: 'schema_migrations', nothing: 'Which version the tables are of.' },
  { table: 'tenants', nothing: 'The company itself.' },
  { table: 'installation', nothing: 'The installation itself.' },
  { table: 'leases', nothing: 'Which process does what.' },
  { table: 'pacing', nothing: 'How many calls a CRM takes.' },
  { table: 'connections', nothing: 'Accounts of the company, their properties by name, and counts.' },
  { table: 'data_keys', nothing: 'Wrapped keys.' },
  {
    table: 'credentials',
    nothing:
      'Sealed secrets of the company; and, sealed, whom a file is about that somebody asked for, until it is fetched or a day has passed.',
  },
  { table: 'models', nothing: 'What was learnt of all customers together, and its figures.' },
  { table: 'model_bundles', nothing: 'What was learnt of all customers together, and its figures.' },
  { table: 'model_files', nothing: 'The files of such a model.' },
  {
    table: 'training_files',
    nothing: 'Names of files that were handed over to be learnt from, for two days.',
  },
  { table: 'policies', nothing: 'Solved for beliefs, not for people.' },
  { table: 'api_keys', nothing: 'Programs of the company.' },
  { table: 'local_admin', nothing: 'A password of the installation, hashed.' },
  {
    table: 'book_counts',
    nothing:
      'Counts of customers, by the responsible among other things: an id of somebody of the company, in some systems their address. It goes within a day once they answer for nobody.',
  },
  { table: 'decision_counts', nothing: 'Counts.' },
  { table: 'group_checks', nothing: 'Counts of groups.' },
  { table: 'connection_checks', nothing: 'Whether a CRM lets us read and write.' },
  { table: 'setup_confirmations', nothing: 'Which step of the set-up somebody confirmed.' },
  { table: 'budgets', nothing: 'Amounts.' },
  { table: 'budget_entries', nothing: 'Amounts by action and day: what was spent stays spent.' },
  { table: 'outgoing_webhooks', nothing: 'Systems of the company.' },
  { table: 'told_until', nothing: 'When something was last looked at.' },
  { table: 'erasures', nothing: 'That somebody was forgotten, and when; not who.' },
  { table: 'erased_records', nothing: 'Keyed hashes of ids, by which nobody comes back.' },
  { table: 'erased_addresses', nothing: 'Keyed hashes of addresses, by which nobody comes back.' },
  {
    table: 'erasure_clearings',
    nothing:
      'Ids of records whose fields are still to be emptied: gone once they are, after 30 days at the latest.',
  },
  {
    table: 'connection_erasures',
    nothing: 'That everything of a connection was erased, and how many it was.',
  },
  { table: 'data_exports', nothing: 'That somebody asked for a person’s data, and when; not whose.' },
  { table: 'retention_runs', nothing: 'Counts.' },
  { table: 'seen_requests', nothing: 'Hashes of signatures, for some minutes.' },
]
