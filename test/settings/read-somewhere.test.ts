import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { API } from 'typescript/unstable/sync'
import type { Node } from 'typescript/unstable/ast'
import {
  isCallExpression,
  isIdentifier,
  isObjectLiteralExpression,
  isPropertyAssignment,
} from 'typescript/unstable/ast/is'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const declaring = join(root, 'src/settings')
const SHIPPED = ['src', 'actions', 'connectors', 'models'].map((folder) => `${join(root, folder)}/`)

/** Files of the settings in which fields are declared, and read by nothing but their own rules. */
const SCHEMAS = readdirSync(declaring).filter((name) =>
  /^(actions|alerts|automation|calls|eligibility|feedback|groups|guard|offers|retention|schema|service-schema|sms)\.ts$/.test(
    name,
  ),
)

/** What is read under a name that is worked out: by the channel of a message. */
const BY_CHANNEL: ReadonlySet<string> = new Set(['guard.ts email', 'guard.ts sms', 'guard.ts call'])

/** What is handed on whole, to code that has a type of its own for it: which file reads these, by their names. */
const HANDED_ON: Readonly<Record<string, readonly string[]>> = {
  'src/store/stop-counts.ts': ['automation.ts optOuts', 'automation.ts complaints', 'automation.ts bounces'],
  'models/policy/eligibility.ts': ['atLeast', 'atMost', 'levels', 'objects', 'countries', 'where'].map(
    (name) => `eligibility.ts ${name}`,
  ),
  'src/loop/groups.ts': ['exempt', 'property', 'values', 'ids'].map((name) => `groups.ts ${name}`),
  'src/loop/retain.ts': ['scoreHistory', 'propertyChanges', 'customersLeft', 'auditLog'].map(
    (name) => `retention.ts ${name}`,
  ),
  'src/store/retention.ts': [
    'messages',
    'sessions',
    'webhookReceipts',
    'keptAnswers',
    'notices',
    'exports',
  ].map((name) => `retention.ts ${name}`),
  'models/churn/levels.ts': ['customers', 'share', 'high', 'medium', 'kind'].map(
    (name) => `schema.ts ${name}`,
  ),
  'models/policy/alarm.ts': ['schema.ts actionShare', 'schema.ts callShare'],
  'actions/email/render.ts': ['subject', 'text', 'html'].map((name) => `service-schema.ts ${name}`),
}

function isReadThere(one: string): boolean {
  const name = one.split(' ')[1]
  return Object.entries(HANDED_ON).some(
    ([file, names]) =>
      names.includes(one) && new RegExp(`\\b${name}\\b`).test(readFileSync(join(root, file), 'utf8')),
  )
}

let api: API
beforeAll(() => {
  api = new API({ cwd: root })
}, 600_000)
afterAll(() => api.close())

interface Declared {
  readonly file: string
  readonly name: string
  readonly node: Node
}

/** Every key of every object of the schemas, whether it is a field or what holds some. */
function declaredIn(file: string, top: Node): readonly Declared[] {
  const found: Declared[] = []
  const visit = (node: Node): void => {
    if (
      isPropertyAssignment(node) &&
      isIdentifier(node.name) &&
      isObjectLiteralExpression(node.parent) &&
      isCallExpression(node.parent.parent) &&
      node.parent.parent.expression.getText().endsWith('strictObject')
    )
      found.push({ file, name: node.name.text, node: node.name })
    node.forEachChild(visit)
  }
  visit(top)
  return found
}

describe('every setting', () => {
  it('is read by code that is not its own declaration: what nothing enforces is not offered', () => {
    const snapshot = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] })
    const [{ program, checker }] = snapshot.getProjects()
    const declared = SCHEMAS.flatMap((file) =>
      declaredIn(file, program.getSourceFile(join(declaring, file))!),
    )
    // Of all the fields of the form and what holds them: the search itself has found them.
    expect(declared.length).toBeGreaterThan(120)
    const declarations = new Set(SCHEMAS.map((file) => join(declaring, file)))
    const isReader = (path: string): boolean =>
      SHIPPED.some((folder) => path.startsWith(folder)) && !declarations.has(path)
    const unread = declared.filter(({ node }) => {
      const readers = checker
        .getReferencedSymbolsForNode(node, node.getStart())
        .flatMap(({ references }) => references.map(({ path }) => path))
      return !readers.some(isReader)
    })
    const names = unread.map(({ file, name }) => `${file} ${name}`)
    expect(names.filter((one) => !BY_CHANNEL.has(one) && !isReadThere(one))).toEqual([])
  }, 600_000)
})
