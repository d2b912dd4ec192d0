import { describe, expect, it } from 'vitest'
import { PACKAGE_PATHS, MOST_CALLS } from '../../../connectors/salesforce/app.ts'
import { salesforceProject } from '../../../manifest/salesforce/project.ts'
import { describeApi } from '../../../src/server/openapi.ts'
import { salesforceCrmRoutes } from '../../../src/server/crm/salesforce-routes.ts'
import { readApex, type ApexClass } from '../../support/apex.ts'

const project = salesforceProject({ publicUrl: null, supportEmail: 'help@example.com' })
const sources = new Map(
  [...project].flatMap(([path, code]) => {
    const name = /\/classes\/(\w+)\.cls$/.exec(path)?.[1]
    return name === undefined ? [] : [[name, code] as const]
  }),
)
const read = new Map([...sources].map(([name, code]) => [name, readApex(code)]))
const classes = new Map<string, ApexClass>(
  [...read.values()].flatMap((one) => one.classes).map((one) => [one.name, one]),
)
const isTest = (name: string): boolean => /(Test|Mock)$/.test(name)
const shipped = [...read].filter(([name]) => !isTest(name))

describe('the Apex of the package', () => {
  it('is Apex', () => {
    for (const [name, { errors }] of read) expect(errors, name).toEqual([])
    expect(shipped.length).toBeGreaterThan(8)
    expect(readApex('public class A { void b() { return } }').errors).not.toEqual([])
  })

  it('keeps to what whoever runs it may see: sharing, and queries in user mode', () => {
    for (const [name, { classes: found, queries }] of shipped) {
      expect(found[0].modifiers, name).toContain('withsharing')
      for (const query of queries) expect(query.toUpperCase(), name).toContain('WITHUSER_MODE')
    }
    expect(shipped.flatMap(([, { queries }]) => queries)).toHaveLength(2)
  })

  it('asks nothing and changes nothing in a loop', () => {
    for (const [name, { inLoops }] of shipped) expect(inLoops, name).toEqual([])
    const bad = readApex('class A { void b() { for (Account c : d) { update c; new Http().send(e); } } }')
    expect(bad.inLoops).toHaveLength(2)
  })

  it('gives nothing the name of something else in other letters, which Apex does not tell apart', () => {
    for (const [name, { hidden }] of read) expect(hidden, name).toEqual([])
    const bad = `class A { static final String NAME = 'x'; void b(Integer c) { String name = NAME; for (Id C_D : e) {} } }`
    expect(readApex(bad).hidden).toEqual(['name'])
  })

  it('calls out in one place, by the Named Credential alone', () => {
    const calling = [...sources].filter(([name, code]) => !isTest(name) && /\bnew\s+Http\s*\(/.test(code))
    expect(calling.map(([name]) => name)).toEqual(['HoldfastService'])
    const endpoints = [...sources.values()].flatMap((code) => [...code.matchAll(/setEndpoint\(([^)]*)\)/g)])
    expect(endpoints.map(([, given]) => given)).toEqual([`'callout:Holdfast' + path`])
  })

  // https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_classes_restful_http_testing_dml.htm
  it('changes records in its tests before Test.startTest(), and says there only after it who answers', () => {
    const wrong = (code: string): readonly string[] =>
      code
        .split('@IsTest')
        .filter(
          (method) => /HoldfastServiceMock\.\w|setMock/.test(method) && /\binsert as|\buser\(/.test(method),
        )
        .filter((method) => {
          const started = method.indexOf('Test.startTest()')
          return (
            started < 0 ||
            started < Math.max(method.lastIndexOf('insert as'), method.lastIndexOf('user(')) ||
            started > method.search(/HoldfastServiceMock\.\w|setMock/)
          )
        })
        .flatMap((method) => /\bvoid (\w+)/.exec(method)?.[1] ?? [])
    for (const [name, code] of sources) if (name.endsWith('Test')) expect(wrong(code), name).toEqual([])
    const bad = `@IsTest static void a() { HoldfastServiceMock.answering('{}'); System.runAs(user(true)) { b(); } }`
    expect(wrong(bad)).toEqual(['a'])
  })

  it('has a test for each class', () => {
    const tests = [...sources]
      .filter(([name]) => name.endsWith('Test'))
      .map(([, code]) => code)
      .join('\n')
    for (const [name] of shipped)
      if (!['HoldfastErrors', 'HoldfastRecords', 'HoldfastService'].includes(name))
        expect(tests, name).toContain(`${name}.`)
  })
})

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly items?: Shape
  readonly $ref?: string
  readonly additionalProperties?: unknown
  readonly maxItems?: number
}

const api = describeApi(salesforceCrmRoutes, { version: '0', url: null }) as unknown as {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters?: readonly { readonly in: string; readonly name: string }[]
            readonly requestBody?: {
              readonly content: { readonly 'application/json': { readonly schema: Shape } }
            }
            readonly responses: Readonly<
              Record<string, { readonly content?: Readonly<Record<string, { schema: Shape }>> }>
            >
          }
        >
      >
    >
  >
  readonly components: { readonly schemas: Readonly<Record<string, Shape>> }
}
const resolved = (shape: Shape): Shape =>
  shape.$ref === undefined ? shape : api.components.schemas[shape.$ref.split('/').at(-1)!]
const bodyOf = (path: string): Shape =>
  resolved(api.paths[path]['post'].requestBody!.content['application/json'].schema)
const answerOf = (path: string): Shape =>
  resolved(api.paths[path]['post'].responses['200'].content!['application/json'].schema)

/** What of JSON a type of Apex is written as, and read from. */
const JSON_TYPE: Readonly<Record<string, string>> = {
  String: 'string',
  Id: 'string',
  Date: 'string',
  Integer: 'integer',
  Decimal: 'number',
  Boolean: 'boolean',
}

/** Fields of an Apex class and properties of a schema are the same, by name and kind. */
function expectSame(name: string, shape: Shape): void {
  const properties = resolved(shape).properties ?? {}
  const { fields } = classes.get(name)!
  expect(fields.map((field) => field.name).toSorted(), name).toEqual(Object.keys(properties).toSorted())
  for (const { name: field, type } of fields) {
    const property = resolved(properties[field])
    const list = /^List<(\w+)>$/.exec(type)?.[1]
    if (list !== undefined) {
      expect(property.type, `${name}.${field}`).toBe('array')
      expectSame(`${name.split('.')[0]}.${list}`, property.items!)
    } else if (type.startsWith('Map<')) {
      expect(property.type, `${name}.${field}`).toBe('object')
      expect(property.additionalProperties, `${name}.${field}`).toBeTruthy()
    } else {
      expect(JSON_TYPE[type], `${name}.${field} is ${type}`).toBe(property.type)
      if (type === 'Date') expect(property.format).toBe('date')
    }
  }
}

describe('what the package sends and reads is what the service’s OpenAPI document says', () => {
  it.each([
    ['HoldfastCard.AnswerBody', PACKAGE_PATHS.cardAnswer],
    ['HoldfastCard.ScoreBody', PACKAGE_PATHS.cardScore],
    ['HoldfastSettings.Change', PACKAGE_PATHS.settings],
    ['HoldfastSettings.Pausing', PACKAGE_PATHS.pause],
    ['HoldfastFlow.Batch', PACKAGE_PATHS.flow],
  ])('%s is the body of %s', (name, path) => {
    expectSame(name, bodyOf(path))
  })

  it('HoldfastFlow.Answer is what a Flow is answered', () => {
    expectSame('HoldfastFlow.Answer', answerOf(PACKAGE_PATHS.flow))
    expect(resolved(bodyOf(PACKAGE_PATHS.flow).properties!['calls']).maxItems).toBe(MOST_CALLS)
    expect(sources.get('HoldfastFlow')).toContain(`MOST_CALLS = ${MOST_CALLS};`)
  })

  it('every path is asked, and none that there is none of', () => {
    const asked = [...sources.get('HoldfastService')!.matchAll(/'(\/crm\/[\w/]+)'/g)].map(([, path]) => path)
    expect(asked.toSorted()).toEqual(Object.keys(api.paths).toSorted())
    expect(asked.toSorted()).toEqual([...new Set(Object.values(PACKAGE_PATHS))].toSorted())
  })

  it('queries and headers are those that the service reads', () => {
    const parameters = (path: string, where: string) =>
      api.paths[path]['get'].parameters!.filter((one) => one.in === where).map(({ name }) => name)
    expect(sources.get('HoldfastCard')).toContain(
      `'${parameters(PACKAGE_PATHS.card, 'query')[0]}' => recordId`,
    )
    for (const name of parameters(PACKAGE_PATHS.customers, 'query'))
      expect(sources.get('HoldfastCustomers')).toContain(`'${name}' => `)
    const sent = [...sources.get('HoldfastService')!.matchAll(/'(X-Holdfast-\w+)'/g)].map(([, name]) =>
      name.toLowerCase(),
    )
    expect(sent.toSorted()).toEqual(
      parameters(PACKAGE_PATHS.card, 'header')
        .map((name) => name.toLowerCase())
        .toSorted(),
    )
  })

  it('tells a difference', () => {
    expect(() => expectSame('HoldfastSettings.Pausing', bodyOf(PACKAGE_PATHS.cardScore))).toThrow()
  })
})
