/**
 * A client whose answers a test writes down, as Salesforce's documentation has them: writing is tried against the
 * documents, not against the sandbox.
 */
import { Readable } from 'node:stream'
import { z } from 'zod'
import type { SalesforceClient } from '../../../connectors/salesforce/client.ts'
import { readFailure, translate } from '../../../connectors/salesforce/errors.ts'
import { parsed } from '../../../connectors/salesforce/exchange.ts'
import {
  fieldsOf,
  PACKAGE,
  packageNames,
  type OurObject,
  type PackageField,
} from '../../../connectors/salesforce/package.ts'
import type { WritingContext } from '../../../connectors/salesforce/standing.ts'
import { openCrmMemory } from '../../../connectors/memory.ts'

export interface Asked {
  readonly method: string
  /** Without the query; a query of SOQL has it in `soql`. */
  readonly path: string
  readonly soql: string
  readonly body: unknown
  readonly csv: string
  readonly urgent: boolean
}

export interface Reply {
  readonly status?: number
  /** A text as it is, everything else as JSON. */
  readonly body?: unknown
}

/** Undefined: as an org answers that has the package and nothing else. */
export type Answer = (asked: Asked) => Reply | undefined | Promise<Reply | undefined>

export interface Scripted {
  readonly client: SalesforceClient
  readonly context: WritingContext
  readonly asked: Asked[]
  /** Milliseconds of each pause. */
  readonly slept: number[]
  readonly pauses: { sleep: (ms: number) => Promise<void>; random: () => number }
}

export function scripted(
  answer: Answer = () => undefined,
  {
    object = 'Account',
    namespace = null,
    describes = {},
  }: {
    object?: 'Account' | 'Contact'
    namespace?: string | null
    /** Changes fields of a description, by object. */
    describes?: Partial<Record<string, (fields: Described[]) => readonly Described[]>>
  } = {},
): Scripted {
  const asked: Asked[] = []
  const slept: number[] = []
  const ours = packageNames(namespace)

  async function ask(
    call: Omit<Asked, 'soql' | 'csv' | 'urgent' | 'body'> & Partial<Asked>,
  ): Promise<string> {
    const one: Asked = { soql: '', csv: '', urgent: false, body: undefined, ...call }
    asked.push(one)
    const { status = 200, body = {} } = (await answer(one)) ?? usual(one)
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    if (status >= 300)
      throw translate(readFailure({ method: one.method, path: one.path, status, body: text }))
    return status === 204 ? '' : text
  }

  function usual({ path, soql, body, csv }: Asked): Reply {
    const described = /^\/sobjects\/(\w+)\/describe$/.exec(path)?.[1]
    if (described !== undefined) {
      const known = PACKAGE.find((one) => ours.of(one.object) === described)
      if (known === undefined)
        return {
          status: 404,
          body: [{ errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }],
        }
      const fields = fieldsOfOrg(known.object, ours.of)
      return {
        body: {
          name: described,
          createable: true,
          updateable: true,
          fields: describes[known.object]?.(fields) ?? fields,
        },
      }
    }
    if (path.startsWith('/composite/sobjects')) {
      const { records } = z
        .object({ records: z.array(z.looseObject({ Id: z.string().optional() })) })
        .parse(body)
      return { body: records.map(({ Id }, at) => ({ id: Id ?? madeId(at), success: true, errors: [] })) }
    }
    if (soql.includes('FROM Organization'))
      return { body: { records: [{ TimeZoneSidKey: 'America/Los_Angeles' }] } }
    if (path === '/query' || path === '/queryAll') return { body: { records: [] } }
    throw new Error(`Nothing is written down for ${path} ${csv}`)
  }

  const client: SalesforceClient = {
    org: '00D000000000001AAA',
    call: async (call) => {
      const text = await ask({
        method: call.method,
        path: call.path,
        body: call.body,
        csv: String(call.csv ?? ''),
        urgent: call.urgent === true,
      })
      return parsed(call, { status: 200, headers: {}, text })
    },
    stream: async ({ method, path }) => ({ headers: {}, body: Readable.from([await ask({ method, path })]) }),
    async *query(soql, row, options = {}) {
      const path = options.all === true ? '/queryAll' : '/query'
      const text = await ask({ method: 'GET', path, soql, urgent: options.urgent === true })
      const { records } = z.object({ records: z.array(row) }).parse(JSON.parse(text))
      yield { records, total: records.length }
    },
    session: () => Promise.reject(new Error('nobody follows events here')),
    user: () => Promise.reject(new Error('nobody asks who we are here')),
    usage: () => null,
    counts: () => ({}),
  }
  return {
    client,
    asked,
    slept,
    context: {
      client,
      config: { object, username: 'holdfast@example.com' },
      memory: openCrmMemory({ clock: () => new Date('2026-11-21T12:00:00Z') }),
      ours,
    },
    pauses: {
      sleep: async (ms) => {
        slept.push(ms)
      },
      random: () => 0.5,
    },
  }
}

/** An id of 18 characters for a record of the object that a prefix stands for. */
export const idOf = (n: number, prefix = '001'): string => `${prefix}${String(n).padStart(12, '0')}AAA`
const madeId = (n: number): string => idOf(n, '00T')

/** Records of a call that writes rows. */
export function recordsOf({ body }: Asked): readonly Record<string, unknown>[] {
  return z.object({ records: z.array(z.record(z.string(), z.unknown())) }).parse(body).records
}

/** Calls that wrote rows. */
export const writesOf = (asked: readonly Asked[]): readonly Asked[] =>
  asked.filter(({ path }) => path.startsWith('/composite/sobjects'))

/** A row's refusal, as collections answer it. */
export const refusal = (
  statusCode: string,
  message: string,
  fields: readonly string[] = [],
  more: object = {},
) => ({
  success: false,
  errors: [{ statusCode, message, fields, ...more }],
})

/** Answers each row of a collection by its id or key. */
export function perRow(of: (trace: string) => object | undefined): Answer {
  return (one) => {
    if (!one.path.startsWith('/composite/sobjects')) return undefined
    const key = one.path.split('/')[4]
    return {
      body: recordsOf(one).map((record, at) => {
        const trace = String(key === undefined ? record['Id'] : record[key])
        return of(trace) ?? { id: key === undefined ? trace : madeId(at), success: true, errors: [] }
      }),
    }
  }
}

export interface Described {
  readonly name: string
  readonly type: string
  readonly createable: boolean
  readonly updateable: boolean
  readonly [more: string]: unknown
}

/** Fields of an object as describe has them in an org that has the package. */
function fieldsOfOrg(object: OurObject, nameIn: (name: string) => string): Described[] {
  return [
    ...(STANDARD[object] ?? []),
    ...fieldsOf(object).map((field) => describedOf(field, nameIn(field.name))),
  ]
}

const TYPES: Readonly<Record<PackageField['type'], string>> = {
  Text: 'string',
  LongTextArea: 'textarea',
  Number: 'double',
  Percent: 'percent',
  Date: 'date',
  DateTime: 'datetime',
  Picklist: 'picklist',
  Lookup: 'reference',
}

function describedOf(field: PackageField, name: string): Described {
  return {
    name,
    label: field.label,
    type: TYPES[field.type],
    length: field.length ?? (field.type === 'Picklist' ? 255 : 0),
    precision: field.precision ?? 0,
    scale: field.scale ?? 0,
    createable: true,
    updateable: true,
    calculated: false,
    unique: field.unique ?? false,
    externalId: field.externalId ?? false,
    restrictedPicklist: field.restricted ?? false,
    picklistValues: (field.values ?? []).map(({ value, label }) => ({ value, label, active: true })),
  }
}

export function described(name: string, type = 'string', values: readonly string[] = []): Described {
  return {
    name,
    type,
    createable: true,
    updateable: true,
    picklistValues: values.map((value) => ({ value, active: true })),
  }
}

const STANDARD: Partial<Record<OurObject, readonly Described[]>> = {
  Account: [described('Id', 'id'), described('Name')],
  Contact: [described('Id', 'id'), described('LastName')],
  Task: [
    described('Id', 'id'),
    described('Subject', 'combobox'),
    described('Status', 'picklist', ['Not Started', 'In Progress', 'Completed']),
    described('Priority', 'picklist', ['High', 'Normal', 'Low']),
    described('Type', 'picklist', ['Call', 'Meeting', 'Other']),
    { ...described('TaskSubtype', 'picklist', ['Task', 'Email', 'Call']), updateable: false },
  ],
}
