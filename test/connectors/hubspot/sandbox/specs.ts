/**
 * HubSpot's own OpenAPI files as a judge of calls: which operation a call is, and whether its query, body and answer
 * are as the file says. Stricter than the files: fields that they do not know are faults too, but for errors, which
 * HubSpot's documents allow to carry more.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv, type ValidateFunction } from 'ajv'
import ajvFormats from 'ajv-formats'

const FILES = fileURLToPath(new URL('../../../../../shared/specs/hubspot', import.meta.url))
const FOLDER = `${FILES}/2026-09`
/** What has no file of a later date. */
const EARLIER = `${FILES}/2026-03`

export const specsAbsent: string | false =
  !existsSync(FOLDER) && `skipped: HubSpot's OpenAPI files are not at ../shared/specs/hubspot/2026-09`

type Json = { [key: string]: unknown }

interface Operation {
  readonly file: string
  readonly method: string
  readonly template: string
  readonly pattern: RegExp
  readonly parameters: readonly { name: string; in: string; required?: boolean; schema: Json }[]
  /** By media type: where its schema is. */
  readonly request: string | null
  readonly requestType: string | null
  /** By status or `default`. */
  readonly responses: ReadonlyMap<string, string | null>
  /** Of apps that are installed by consent: any one will do. */
  readonly scopes: readonly string[]
}

export interface Judged {
  readonly method: string
  readonly url: string
  readonly status: number
  readonly requestBody: string
  readonly contentType: string
  readonly body: unknown
}

export interface Judge {
  /** `POST /crm/objects/2026-09/{objectType}/search`; null where no file has it. */
  operation(method: string, url: string): string | null
  /** Scopes of which an app needs any one for it; null where no file has it. */
  scopes(method: string, url: string): readonly string[] | null
  /** What is wrong with a request; none: nothing. */
  request(call: Judged): readonly string[]
  answer(call: Judged): readonly string[]
}

/** Files whose objects have the generic path of all objects. */
const OBJECT_FILES: Readonly<Record<string, string>> = {
  companies: 'CRM__Companies__424.json',
  contacts: 'CRM__Contacts__424.json',
  deals: 'CRM__Deals__424.json',
  tasks: 'CRM__Tasks__424.json',
}

/** @param version whose files; of the earlier ones the Webhooks Journal's alone, which has no later one */
export function openJudge(version: '2026-03' | '2026-09' = '2026-09'): Judge {
  const folder = version === '2026-09' ? FOLDER : EARLIER
  const isMeant = (name: string): boolean =>
    name.endsWith('.json') && (version === '2026-09' || name.startsWith('Webhooks-Journal'))
  const ajv = new Ajv({ strict: false, validateFormats: true, validateSchema: false, allErrors: true })
  ajvFormats.default(ajv)
  const operations: Operation[] = []
  for (const file of readdirSync(folder).filter(isMeant)) {
    const document = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Json
    const schemas = (document.components as { schemas: Record<string, Json> }).schemas
    for (const [name, schema] of Object.entries(schemas)) tighten(name, schema)
    ajv.addSchema(document, file)
    for (const [template, methods] of Object.entries(
      document.paths as Record<string, Record<string, Json>>,
    )) {
      for (const [method, operation] of Object.entries(methods)) {
        if (method === 'parameters') continue
        operations.push(operationOf(file, document, template, method, operation))
      }
    }
  }

  const find = (method: string, url: string): Operation | null => {
    const path = new URL(url, 'http://sandbox').pathname
    const matching = operations.filter((one) => one.method === method && one.pattern.test(path))
    const type = /^\/crm\/objects\/[^/]+\/([^/]+)/.exec(path)?.[1] ?? ''
    const own = OBJECT_FILES[type] ?? 'CRM__Objects__424.json'
    // Templates without parameters in the place of words are the nearer ones.
    const best = matching.sort((a, b) => a.template.split('{').length - b.template.split('{').length)
    return (
      best.find(({ file }) => file === own) ??
      best.find(({ file }) => !file.endsWith('__424.json')) ??
      best[0] ??
      null
    )
  }
  const compiled = new Map<string, ValidateFunction>()
  const check = (reference: string, value: unknown): string[] => {
    let validate = compiled.get(reference)
    if (!validate) compiled.set(reference, (validate = ajv.compile({ $ref: reference })))
    if (validate(value)) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    )
  }

  return {
    operation(method, url) {
      const found = find(method, url)
      return found && `${found.method} ${found.template}`
    },
    scopes: (method, url) => find(method, url)?.scopes ?? null,
    request(call) {
      const operation = find(call.method, call.url)
      if (!operation) return [`no OpenAPI file has ${call.method} ${call.url}`]
      const faults = queryFaults(operation, new URL(call.url, 'http://sandbox').searchParams)
      if (operation.request === null)
        return call.requestBody === '' ? faults : [...faults, 'a body, where none is taken']
      if (!call.contentType.startsWith(operation.requestType ?? '')) {
        faults.push(`content type ${call.contentType} instead of ${operation.requestType}`)
      }
      const body = call.contentType.startsWith('application/json')
        ? (JSON.parse(call.requestBody || 'null') as unknown)
        : Object.fromEntries(new URLSearchParams(call.requestBody))
      return [...faults, ...check(operation.request, body)]
    },
    answer(call) {
      const operation = find(call.method, call.url)
      if (!operation) return [`no OpenAPI file has ${call.method} ${call.url}`]
      // A 207 is the batch's own answer with errors; the files only have its 200 or 201.
      const status =
        call.status === 207 ? (operation.responses.has('201') ? '201' : '200') : String(call.status)
      if (!operation.responses.has(status) && call.status < 300) {
        // The files have no success of the token endpoints, nor of single entries of the journal.
        return [...operation.responses.keys()].every((one) => one === 'default')
          ? []
          : [`status ${call.status}, which the file does not have`]
      }
      const reference = operation.responses.get(operation.responses.has(status) ? status : 'default') ?? null
      if (reference === null) return call.body === undefined ? [] : ['a body, where none is promised']
      return check(reference, call.body)
    },
  }
}

/** Fields that a schema does not know are not allowed; `example: null` and the like mean nothing. */
function tighten(name: string, schema: Json): void {
  // One of several has what those have.
  if (name === 'Error' || name === 'TokenInfoResponseBaseIF' || schema.oneOf !== undefined) return
  if (schema.properties && schema.additionalProperties === undefined) schema.additionalProperties = false
  if (name === 'StandardError') {
    // An optional text in HubSpot's code that became an object in its generated file; what it sends is a text:
    // `crm.associations.NO_ASSOCIATIONS_FOUND`. `status` and the rest are as the file says.
    ;(schema.properties as Record<string, Json>).subCategory = { type: 'string' }
  }
}

function operationOf(
  file: string,
  document: Json,
  template: string,
  method: string,
  operation: Json,
): Operation {
  const base = `${file}#/paths/${pointer(template)}/${method}`
  const content = (operation.requestBody as { content?: Json } | undefined)?.content
  const requestType = content ? Object.keys(content)[0] : null
  const responses = new Map<string, string | null>()
  for (const [status, response] of Object.entries(operation.responses as Record<string, Json>)) {
    const referred = typeof response.$ref === 'string' ? response.$ref.split('/').at(-1)! : null
    const at = referred === null ? `${base}/responses/${status}` : `${file}#/components/responses/${referred}`
    const actual =
      referred === null
        ? response
        : (document.components as { responses: Record<string, Json> }).responses[referred]
    const media = Object.keys((actual.content as Json | undefined) ?? {})[0]
    responses.set(status, media === undefined ? null : `${at}/content/${pointer(media)}/schema`)
  }
  return {
    file,
    method: method.toUpperCase(),
    template,
    pattern: new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`),
    parameters: (operation.parameters ?? []) as Operation['parameters'],
    request: requestType === null ? null : `${base}/requestBody/content/${pointer(requestType)}/schema`,
    requestType,
    responses,
    scopes: ((operation.security ?? []) as Record<string, string[]>[]).flatMap((one) => one['oauth2'] ?? []),
  }
}

const pointer = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))

function queryFaults(operation: Operation, query: URLSearchParams): string[] {
  const faults: string[] = []
  const known = new Map(
    operation.parameters.filter((one) => one.in === 'query').map((one) => [one.name, one]),
  )
  for (const [name, value] of query) {
    const schema = known.get(name)?.schema
    if (!schema) faults.push(`query parameter ${name}, which the file does not have`)
    else if (schema.type === 'integer' && !/^\d+$/.test(value))
      faults.push(`query parameter ${name} is no integer: ${value}`)
    else if (schema.type === 'boolean' && value !== 'true' && value !== 'false') {
      faults.push(`query parameter ${name} is no boolean: ${value}`)
    } else if (Array.isArray(schema.enum) && !schema.enum.includes(value)) {
      faults.push(`query parameter ${name} is none of its values: ${value}`)
    }
  }
  return faults
}
