/**
 * What every connector has to hold, whatever it speaks to: run against a real file, or a sandbox over real HTTP.
 *
 * @example
 * connectorConformance('customer files', openOnFile)
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type {
  ChangePage,
  Connector,
  Cursor,
  CustomerRecord,
  FieldUpdate,
  RiskFields,
} from '../../connectors/connector.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'

export interface ConnectorUnderTest {
  /** A connector on the same source with nothing in its memory, as after a restart. The caller closes it. */
  open(): Connector
  /** Records in the source, at least 5, more than one page of them; each with an e-mail address. */
  readonly ids: readonly string[]
  /** Gives a property of the record another value. */
  change(id: string): Promise<void>
  /** @returns the id of a new record */
  add(): Promise<string>
  remove(id: string): Promise<void>
  /** What the source shows of our fields, empty ones left out; null where it shows nothing of a record. */
  written(id: string): Promise<Readonly<Partial<Record<keyof RiskFields, string>>> | null>
  /** From now on nothing of the source can be reached. */
  lose(): Promise<void>
  close(): Promise<void>
}

/** A note in brackets may end it. */
const SENTENCE = /\.\)?$/

const FIELDS: RiskFields = {
  riskPercent: 71.5,
  riskLevel: 'HIGH',
  levelSince: '2026-11-01',
  change30Days: 3.2,
  valueAtRisk: 1234.5,
  currency: 'EUR',
  reasons: ['Uses it less than a month ago.', 'Pays late, again'],
  suggestedAction: 'Call them',
  actionStatus: 'suggested',
  renewalDate: '2027-01-31',
  scoredAt: '2026-11-21T08:00:00.000Z',
  status: 'active',
  dataConfidence: 90,
  group: 'policy',
}

export function connectorConformance(name: string, openUnderTest: () => Promise<ConnectorUnderTest>): void {
  describe(`${name}: a connector`, () => {
    let under: ConnectorUnderTest
    let connector: Connector
    beforeEach(async () => {
      under = await openUnderTest()
      connector = under.open()
    })
    afterEach(async () => {
      await connector.close()
      await under.close()
    })

    async function restart(): Promise<void> {
      await connector.close()
      connector = under.open()
    }

    it('describes what there is, with the properties that records have', async () => {
      const described = await connector.describe()
      expect(described.length).toBeGreaterThan(0)
      const { records } = await pass(connector, null)
      for (const { object, label, profile } of described) {
        expect(label).not.toBe('')
        const known = new Set(profile.columns.map(({ header }) => header))
        const own = records.filter((record) => record.object === object)
        for (const { properties } of own)
          expect(Object.keys(properties).filter((property) => !known.has(property))).toEqual([])
      }
    })

    it('hands over every record once, and then where to go on', async () => {
      const { records, deleted, pages } = await pass(connector, null)
      expect(records.map(({ id }) => id).toSorted()).toEqual(under.ids.toSorted())
      expect(deleted).toEqual([])
      expect(pages.length).toBeGreaterThan(1)
      expect(pages.slice(0, -1).filter(({ complete }) => complete === true)).toEqual([])
    })

    it('hands over nothing that did not change, also after a restart that knows only the cursor', async () => {
      const { cursor } = await pass(connector, null)
      expect(records(await pass(connector, cursor))).toEqual([])
      await restart()
      expect(records(await pass(connector, stored(cursor)))).toEqual([])
    })

    it('hands over what changed and what came', async () => {
      const before = await pass(connector, null)
      await under.change(under.ids[1])
      const added = await under.add()
      const after = await pass(connector, before.cursor)
      const old = before.records.find(({ id }) => id === under.ids[1])
      expect(after.records.find(({ id }) => id === under.ids[1])?.properties).not.toEqual(old?.properties)
      expect(after.records.map(({ id }) => id)).toContain(added)
      expect(records(await pass(connector, after.cursor))).toEqual([])
    })

    it('tells what went', async () => {
      const before = await pass(connector, null)
      await under.remove(under.ids[2])
      const after = await pass(connector, before.cursor)
      const there = new Set(after.records.map(({ id }) => id))
      const complete = after.pages.at(-1)?.complete === true
      expect(after.deleted.includes(under.ids[2]) || (complete && !there.has(under.ids[2]))).toBe(true)
      expect(await connector.read([under.ids[2]])).toEqual([])
    })

    it('misses nothing when a pass is broken off and another one goes on from the last cursor', async () => {
      const seen = new Set<string>()
      let cursor: Cursor | null = null
      for await (const page of connector.changes(null)) {
        for (const { id } of page.upserts) seen.add(id)
        cursor = page.cursor
        break
      }
      expect(seen.size).toBeGreaterThan(0)
      expect(seen.size).toBeLessThan(under.ids.length)
      await restart()
      const rest = await pass(connector, stored(cursor))
      for (const { id } of rest.records) seen.add(id)
      expect([...seen].toSorted()).toEqual(under.ids.toSorted())
    })

    it('reads the records that are asked for, as the changes show them', async () => {
      const all = await pass(connector, null)
      const asked = [under.ids[3], under.ids[0], 'nobody has this id']
      const found = await connector.read(asked)
      expect(found.map(({ id }) => id).toSorted()).toEqual(asked.slice(0, 2).toSorted())
      for (const record of found) expect(record).toEqual(all.records.find(({ id }) => id === record.id))
      expect(await connector.read([])).toEqual([])
    })

    it('knows whom to write to, of those asked for alone', async () => {
      if (connector.recipients === undefined) return
      const asked = [under.ids[4], under.ids[1]]
      const found = await connector.recipients(asked)
      expect(new Set(found.map(({ customerId }) => customerId))).toEqual(new Set(asked))
      for (const { email, id, consent } of found) {
        expect(id).not.toBe('')
        expect(email).toContain('@')
        expect(['granted', 'refused', 'unknown']).toContain(consent.email)
      }
      expect(await connector.recipients([])).toEqual([])
    })

    it('writes fields, leaves those that are not named, and clears those that are null', async () => {
      const [one, other] = under.ids
      expect(await written(connector, { id: one, fields: FIELDS })).toEqual([
        expect.objectContaining({ id: one, ok: true }),
      ])
      const full = await under.written(one)
      expect(Object.keys(full ?? {}).toSorted()).toEqual(Object.keys(FIELDS).toSorted())
      expect(full).toMatchObject({ riskPercent: '71.5', riskLevel: 'HIGH', suggestedAction: 'Call them' })
      expect(full?.reasons).toContain('Pays late, again')
      await restart()
      await written(connector, { id: one, fields: { riskPercent: 40, suggestedAction: null } })
      const { suggestedAction: _, ...kept } = full!
      expect(await under.written(one)).toEqual({ ...kept, riskPercent: '40' })
      expect(await under.written(other)).toBeNull()
    })

    it('writes the same twice with the same end', async () => {
      await written(connector, { id: under.ids[0], fields: FIELDS })
      const once = await under.written(under.ids[0])
      await restart()
      await written(connector, { id: under.ids[0], fields: FIELDS })
      expect(await under.written(under.ids[0])).toEqual(once)
    })

    it('answers for each record of a batch, also for one that is not there', async () => {
      const results = await written(
        connector,
        { id: under.ids[0], fields: { riskPercent: 12 } },
        { id: 'nobody has this id', fields: { riskPercent: 13 } },
        { id: under.ids[1], fields: { riskPercent: 14 } },
      )
      const byId = new Map(results.map((result) => [result.id, result]))
      expect(byId.size).toBe(3)
      expect(byId.get(under.ids[0])).toMatchObject({ ok: true })
      expect(byId.get(under.ids[1])).toMatchObject({ ok: true })
      expect(byId.get('nobody has this id')).toMatchObject({
        ok: false,
        retryable: false,
        code: expect.stringMatching(/^[a-z_]+$/),
        message: expect.stringMatching(SENTENCE),
      })
      expect(await under.written(under.ids[1])).toMatchObject({ riskPercent: '14' })
    })

    it('is not woken by what it wrote itself', async () => {
      const { cursor, records: before } = await pass(connector, null)
      await written(connector, { id: under.ids[0], fields: FIELDS })
      await restart()
      const after = await pass(connector, stored(cursor))
      for (const record of after.records)
        expect(record.properties).toEqual(before.find(({ id }) => id === record.id)?.properties)
      expect(after.deleted).toEqual([])
    })

    it('verifies itself in sentences', async () => {
      const checks = await connector.verify()
      expect(checks.length).toBeGreaterThan(0)
      for (const check of checks) expect(check.message).toMatch(SENTENCE)
      expect(checks.filter(({ status }) => status === 'failed')).toEqual([])
    })

    it('says in a sentence that the source is lost, wherever it is met, and moves no cursor', async () => {
      await under.lose()
      for (const attempt of [
        () => pass(connector, null),
        () => connector.read([under.ids[0]]),
        () => connector.describe(),
        () => connector.write([{ id: under.ids[0], fields: FIELDS }]),
      ]) {
        const error = await attempt().then(
          () => null,
          (thrown: unknown) => thrown,
        )
        expect(error).toBeInstanceOf(HoldfastError)
        expect((error as HoldfastError).message).toMatch(SENTENCE)
      }
      const failed = (await connector.verify()).filter(({ status }) => status === 'failed')
      expect(failed.length).toBeGreaterThan(0)
    })

    it('can be closed twice', async () => {
      await connector.describe()
      await connector.close()
      await connector.close()
    })
  })
}

interface Passed {
  readonly records: readonly CustomerRecord[]
  readonly deleted: readonly string[]
  readonly pages: readonly ChangePage[]
  /** Of the last page; the one that it began with where there was none. */
  readonly cursor: Cursor | null
}

async function pass(connector: Connector, since: Cursor | null): Promise<Passed> {
  const pages: ChangePage[] = []
  for await (const page of connector.changes(since)) pages.push(page)
  return {
    pages,
    records: pages.flatMap(({ upserts }) => upserts),
    deleted: pages.flatMap(({ deleted }) => deleted),
    cursor: pages.at(-1)?.cursor ?? since,
  }
}

const records = ({ records: found, deleted }: Passed): unknown[] => [...found, ...deleted]

/** As the database gives it back. */
const stored = (cursor: Cursor | null): Cursor | null => JSON.parse(JSON.stringify(cursor)) as Cursor | null

/** Writing has come to its end when the connector is closed. */
async function written(
  connector: Connector,
  ...updates: readonly FieldUpdate[]
): ReturnType<Connector['write']> {
  const results = await connector.write(updates)
  await connector.close()
  return results
}
