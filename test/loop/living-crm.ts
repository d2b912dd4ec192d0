/** A CRM in memory that changes as a test says, with deals, contacts, merges, and a time on every record. */
import type {
  Agreement,
  ChangePage,
  Connector,
  Cursor,
  CustomerRecord,
  FieldUpdate,
  PastValue,
  Properties,
  Reading,
  Recipient,
  ChangeHint,
  WriteResult,
} from '../../connectors/connector.ts'
import type { ColumnKind, TableProfile } from '../../src/contracts/table.ts'

interface Company {
  readonly id: string
  properties: Record<string, string | number | boolean | null>
  /** What we wrote onto it. */
  ours: FieldUpdate['fields']
  updatedAt: Date
  /** Counts every change, ours too. */
  seq: number
  merged: string[]
  history: PastValue[]
  /** Whether it was us who changed it last. */
  own: boolean
}

export interface LivingCrm {
  readonly connector: () => Connector
  /** Kinds of the properties that it describes. */
  kinds: Record<string, ColumnKind>
  describeEveryMs: number
  pageSize: number
  /** Who meets the condition that is asked for. */
  meets: (properties: Properties) => boolean
  /** How our own writes are told: by the version that writing answers, or by the record. */
  tells: 'version' | 'own'
  readonly companies: ReadonlyMap<string, Company>
  readonly deals: Map<string, { company: string; amountMinor: number }>
  readonly contacts: Map<string, { company: string; email: string }>
  /** Calls of each method so far. */
  readonly calls: Record<string, number>
  /** What the last call of `changes` was asked for. */
  reading: Reading | undefined
  /** Called before a page is handed over: what happens while it is on its way. */
  onPage: () => Promise<void>
  add(id: string, properties: Properties, history?: readonly PastValue[]): void
  change(id: string, properties: Properties): void
  remove(id: string): void
  restore(id: string): void
  merge(into: string, from: string): void
  hint(kind: ChangeHint['kind'], object: string, id: string, more?: Partial<ChangeHint>): ChangeHint
}

const START = Date.parse('2026-11-01T00:00:00Z')

export function livingCrm(): LivingCrm {
  const companies = new Map<string, Company>()
  const removed = new Map<string, { company: Company; seq: number }>()
  const calls: Record<string, number> = {}
  let seq = 0
  let events = 0
  const stamp = (): { seq: number; updatedAt: Date } => {
    seq++
    return { seq, updatedAt: new Date(START + seq * 1000) }
  }
  const note = (name: string): void => void (calls[name] = (calls[name] ?? 0) + 1)

  function recordOf(company: Company, reading?: Reading): CustomerRecord {
    const wanted = reading?.properties ?? Object.keys(crm.kinds)
    const known = wanted.filter((name) => Object.hasOwn(crm.kinds, name))
    return {
      object: 'companies',
      id: company.id,
      name: `Company ${company.id}`,
      properties: Object.fromEntries(known.map((name) => [name, company.properties[name] ?? null])),
      topParentId: null,
      responsible: null,
      agreements: null,
      updatedAt: company.updatedAt,
      ...(reading?.condition === undefined ? {} : { member: crm.meets(company.properties) }),
      ...(crm.tells === 'own' && company.own ? { own: true as const } : {}),
      ...(company.merged.length === 0 ? {} : { merged: [...company.merged] }),
      history: company.history.filter(({ property }) => reading?.history.includes(property) === true),
    }
  }

  function profile(): TableProfile {
    return {
      path: 'a CRM',
      format: 'crm',
      rows: companies.size,
      columns: Object.entries(crm.kinds).map(([header, kind]) => ({
        header,
        kind,
        missing: 0,
        distinct: 10,
        values: [],
        unreadable: 0,
        ...(kind === 'date' ? { dateFormat: '%Y-%m-%d' } : {}),
        ...(kind === 'number' ? { range: { min: 0, max: 100, mean: 50 } } : {}),
      })),
    }
  }

  async function* changes(since: Cursor | null, reading?: Reading): AsyncGenerator<ChangePage> {
    note('changes')
    crm.reading = reading
    const way = JSON.stringify(reading)
    const from = since === null || since['way'] !== way ? -1 : (since['seq'] as number)
    const until = seq
    const due = [...companies.values()]
      .filter((one) => one.seq > from)
      .map((one) => recordOf(one, reading))
      .filter(({ member }) => from >= 0 || member !== false)
    const deleted = [...removed].filter(([, gone]) => gone.seq > from).map(([id]) => id)
    if (due.length === 0 && deleted.length === 0 && from >= 0) return
    for (let at = 0; at === 0 || at < due.length; at += crm.pageSize) {
      const last = at + crm.pageSize >= due.length
      await crm.onPage()
      yield {
        upserts: due.slice(at, at + crm.pageSize),
        deleted: last ? deleted : [],
        cursor: last ? { way, seq: until } : { way, seq: from, at },
        ...(last && from < 0 ? { complete: true as const } : {}),
      }
    }
  }

  function agreementsOf(id: string): readonly Agreement[] {
    return [...crm.deals]
      .filter(([, { company }]) => company === id)
      .map(([deal, { amountMinor }]) => ({
        externalId: deal,
        amountMinor,
        currency: 'EUR',
        periodMonths: 12,
        startDate: '2026-01-01',
        renewalDate: '2027-01-01',
        noticeDate: null,
        autoRenewal: true,
      }))
  }

  function recipientsOf(id: string): readonly Recipient[] {
    return [...crm.contacts]
      .filter(([, { company }]) => company === id)
      .map(([contact, { email }]) => ({
        customerId: id,
        id: contact,
        name: `Person ${contact}`,
        role: null,
        email,
        phone: null,
        language: null,
        zone: null,
        country: null,
        consent: { email: 'granted', sms: 'unknown', call: 'unknown', changedAt: null },
      }))
  }

  const connector = (): Connector => ({
    name: 'living',
    writeBatch: 100,
    describeEveryMs: crm.describeEveryMs,
    async describe() {
      note('describe')
      return [{ object: 'companies', label: 'companies', profile: profile() }]
    },
    changes,
    async read(ids, reading) {
      note('read')
      const found = new Map<string, CustomerRecord>()
      for (const id of ids) {
        const into = [...companies.values()].find((one) => one.merged.includes(id))
        const company = companies.get(id) ?? into
        if (company !== undefined) found.set(company.id, recordOf(company, reading))
      }
      return [...found.values()]
    },
    async agreements(ids) {
      note('agreements')
      return new Map(ids.map((id) => [id, agreementsOf(id)]))
    },
    async recipients(ids) {
      note('recipients')
      return ids.flatMap(recipientsOf)
    },
    async customersOf(object, ids) {
      note('customersOf')
      const some: ReadonlyMap<string, { company: string }> = object === 'deals' ? crm.deals : crm.contacts
      return ids.flatMap((id) => some.get(id)?.company ?? [])
    },
    async write(updates) {
      note('write')
      return updates.map(({ id, fields }): WriteResult => {
        const company = companies.get(id)
        if (company === undefined)
          return { id, ok: false, code: 'not_found', message: 'It is gone.', retryable: false }
        Object.assign(company, stamp(), { ours: { ...company.ours, ...fields }, own: true })
        return { id, ok: true, ...(crm.tells === 'version' ? { version: company.updatedAt } : {}) }
      })
    },
    verify: async () => [],
    close: async () => undefined,
  })

  const crm: LivingCrm = {
    connector,
    kinds: {},
    describeEveryMs: 3_600_000,
    pageSize: 100,
    meets: () => true,
    tells: 'version',
    companies,
    deals: new Map(),
    contacts: new Map(),
    calls,
    reading: undefined,
    onPage: async () => undefined,
    add(id, properties, history = []) {
      removed.delete(id)
      companies.set(id, {
        id,
        properties: { ...properties },
        ours: {},
        merged: [],
        own: false,
        history: [...history],
        ...stamp(),
      })
    },
    change(id, properties) {
      const company = companies.get(id)
      if (company !== undefined)
        Object.assign(company, stamp(), {
          properties: { ...company.properties, ...properties },
          own: false,
        })
    },
    remove(id) {
      const company = companies.get(id)
      if (company === undefined) return
      companies.delete(id)
      removed.set(id, { company, seq: stamp().seq })
    },
    restore(id) {
      const gone = removed.get(id)
      if (gone === undefined || [...companies.values()].some((one) => one.merged.includes(id))) return
      removed.delete(id)
      companies.set(id, Object.assign(gone.company, stamp()))
    },
    merge(into, from) {
      const [winner, loser] = [companies.get(into), companies.get(from)]
      if (winner === undefined || loser === undefined || into === from) return
      companies.delete(from)
      removed.set(from, { company: loser, seq: stamp().seq })
      Object.assign(winner, stamp(), { merged: [...winner.merged, ...loser.merged, from] })
    },
    hint(kind, object, id, more = {}) {
      events++
      const key = `${object} ${id} ${kind} ${events}`
      return { origin: '7', object, id, kind, others: [], key, at: new Date(START), own: false, ...more }
    },
  }
  return crm
}
