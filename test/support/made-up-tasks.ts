/** A CRM of a test that is only written to: it keeps tasks by their key, the timeline, and what it was told of consent. */
import type {
  Activity,
  Connector,
  ConsentChange,
  FieldUpdate,
  InterventionRecord,
  Task,
  WriteResult,
} from '../../connectors/connector.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { Capability, Connectors } from '../../src/loop/services.ts'

export interface WrittenCrm {
  readonly tasks: Map<string, Task>
  /** Times that a task was upserted, by key. */
  readonly upserts: Map<string, number>
  readonly timeline: Activity[]
  readonly interventions: InterventionRecord[]
  readonly consents: ConsentChange[]
  readonly fields: FieldUpdate[]
  /** Asked for each thing that is written, with its key; what it returns instead of nothing is the answer. */
  refuse: (key: string) => Partial<Extract<WriteResult, { ok: false }>> | null
  /** Thrown by each call, before it does anything. */
  fails: HoldfastError | null
  /** Asked after a task was made, before it is answered. */
  answers: (key: string) => Promise<void>
  can: readonly Capability[]
  /** Of `upsertTasks`. */
  calls: number
  opened: number
  closed: number
  readonly connectors: Connectors
}

export function writtenCrm(): WrittenCrm {
  const crm: WrittenCrm = {
    tasks: new Map(),
    upserts: new Map(),
    timeline: [],
    interventions: [],
    consents: [],
    fields: [],
    refuse: () => null,
    fails: null,
    answers: () => Promise.resolve(),
    can: ['tasks', 'activities', 'consent'],
    calls: 0,
    opened: 0,
    closed: 0,
    connectors: {
      can: (kind, capability) => kind === 'crm' && crm.can.includes(capability),
      open: () => {
        if (crm.fails !== null) return Promise.reject(crm.fails)
        crm.opened++
        return Promise.resolve(connectorOf(crm))
      },
    },
  }
  return crm
}

function connectorOf(crm: WrittenCrm): Connector {
  const none = (): Promise<never> => Promise.reject(new Error('this CRM is only written to'))
  const each = <T>(
    all: readonly T[],
    keyOf: (one: T) => string,
    take: (one: T) => void,
  ): Promise<WriteResult[]> => {
    if (crm.fails !== null) return Promise.reject(crm.fails)
    return Promise.resolve(
      all.map((one): WriteResult => {
        const id = keyOf(one)
        const refused = crm.refuse(id)
        if (refused !== null)
          return {
            id,
            ok: false,
            code: 'refused',
            message: 'Refused by the test.',
            retryable: false,
            ...refused,
          }
        take(one)
        return { id, ok: true, externalId: `crm-${id}` }
      }),
    )
  }
  return {
    name: 'crm',
    writeBatch: 100,
    describeEveryMs: 0,
    describe: none,
    // oxlint-disable-next-line require-yield
    changes: async function* () {
      await none()
    },
    read: none,
    write: (updates) =>
      each(
        updates,
        ({ id }) => id,
        (one) => void crm.fields.push(one),
      ),
    async upsertTasks(tasks) {
      crm.calls++
      const results = await each(
        tasks,
        ({ key }) => key,
        (one) => {
          crm.tasks.set(one.key, one)
          crm.upserts.set(one.key, (crm.upserts.get(one.key) ?? 0) + 1)
        },
      )
      for (const { key } of tasks) await crm.answers(key)
      return results
    },
    logActivity: (entries) =>
      each(
        entries,
        ({ key }) => key,
        (one) => void crm.timeline.push(one),
      ),
    upsertInterventions: (records) =>
      each(
        records,
        ({ key }) => key,
        (one) => void crm.interventions.push(one),
      ),
    writeConsent: (changes) =>
      each(
        changes,
        ({ recipientId }) => recipientId,
        (one) => void crm.consents.push(one),
      ),
    verify: none,
    close: () => {
      crm.closed++
      return Promise.resolve()
    },
  }
}
