/**
 * Files of the Metadata API held to the types that Salesforce makes of its own WSDL (`@salesforce/types`): names of elements,
 * what has to be there, what may be there once, values of enumerations. The conversion of source-deploy-retrieve looks at none
 * of that, and silently mends XML that is broken.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { XMLParser, XMLValidator } from 'fast-xml-parser'

interface Element {
  readonly type: string
  readonly needed: boolean
  readonly many: boolean
}

interface Known {
  /** By type: its elements, those that it inherits among them. */
  readonly shapes: ReadonlyMap<string, ReadonlyMap<string, Element>>
  readonly values: ReadonlyMap<string, readonly string[]>
}

let known: Known | null = null

/** The declarations are one to a type, with one element to a line. */
function schema(): Known {
  if (known !== null) return known
  const file = fileURLToPath(import.meta.resolve('@salesforce/types/metadata')).replace(/\.js$/, '.d.ts')
  const text = readFileSync(file, 'utf8')
  const shapes = new Map<string, Map<string, Element>>()
  const bases = new Map<string, string>()
  for (const [, name, base, body] of text.matchAll(/^export type (\w+) = (?:(\w+) & )?\{\n([^}]*)\};/gm)) {
    if (base !== undefined) bases.set(name, base)
    shapes.set(
      name,
      new Map(
        [...body.matchAll(/^ {4}(\w+)(\??): (\w+)(\[\])?;/gm)].map(([, element, optional, type, list]) => [
          element,
          { type, needed: optional === '' && list === undefined, many: list !== undefined },
        ]),
      ),
    )
  }
  for (const [, name, same] of text.matchAll(/^export type (\w+) = (\w+);/gm)) {
    const shape = shapes.get(same)
    if (shape !== undefined) shapes.set(name, shape)
  }
  for (const [name, base] of bases)
    for (let at: string | undefined = base; at !== undefined; at = bases.get(at))
      for (const [element, what] of shapes.get(at) ?? []) shapes.get(name)!.set(element, what)
  const values = new Map(
    [...text.matchAll(/^export type (\w+) = ((?:'[^']*'(?: \| )?)+);/gm)].map(([, name, all]) => [
      name,
      [...all.matchAll(/'([^']*)'/g)].map(([, value]) => value),
    ]),
  )
  known = { shapes, values }
  return known
}

/** What a file has beside its type: what the file system holds, and what is text of another kind. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  // The class itself is the file beside it.
  ApexClass: ['content'],
  // Written as elements, declared as text.
  LightningComponentBundle: ['targetConfigs', 'targets', 'capabilities', 'lwcResources'],
}

type Node = string | { readonly [element: string]: Node | readonly Node[] }

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  ignoreDeclaration: true,
  alwaysCreateTextNode: false,
})

/**
 * @returns what is wrong, with where; nothing for a file that Salesforce's schema takes
 * @example
 * metadataProblems('<CustomField xmlns="…"><fullName>A__c</fullName><type>Txt</type></CustomField>') // ['CustomField.type: is not Txt …']
 */
export function metadataProblems(xml: string): readonly string[] {
  const valid = XMLValidator.validate(xml)
  if (valid !== true) return [`line ${valid.err.line}: ${valid.err.msg}`]
  const roots = Object.entries(parser.parse(xml) as Record<string, Node>)
  if (roots.length !== 1) return ['has not one root element']
  const [[type, content]] = roots
  if (!xml.includes(`<${type} xmlns="http://soap.sforce.com/2006/04/metadata"`))
    return [`${type}: is not in the namespace of the Metadata API`]
  return problemsOf(type, content, type)
}

function problemsOf(type: string, content: Node, place: string): readonly string[] {
  const { shapes, values } = schema()
  const allowed = values.get(type)
  if (allowed !== undefined)
    return allowed.includes(String(content))
      ? []
      : [`${place}: is not ${String(content)}, but ${allowed.join(', ')}`]
  const shape = shapes.get(type)
  if (shape === undefined) return simple(type, content, place)
  if (typeof content === 'string' && content !== '') return [`${place}: has text where elements belong`]
  const found = typeof content === 'string' ? {} : content
  const left = LEFT_OUT[type] ?? []
  const missing = [...shape]
    .filter(([name, { needed }]) => needed && found[name] === undefined && !left.includes(name))
    .map(([name]) => `${place}: lacks ${name}`)
  const wrong = Object.entries(found).flatMap(([name, value]) => {
    if (left.includes(name)) return []
    const element = shape.get(name)
    if (element === undefined) return [`${place}: has no element ${name}`]
    const all = Array.isArray(value) ? (value as readonly Node[]) : [value as Node]
    if (all.length > 1 && !element.many) return [`${place}: has ${name} ${all.length} times`]
    return all.flatMap((one) => problemsOf(element.type, one, `${place}.${name}`))
  })
  return [...missing, ...wrong]
}

function simple(type: string, content: Node, place: string): readonly string[] {
  if (type === 'any') return []
  if (typeof content !== 'string') return [`${place}: has elements where text belongs`]
  if (type === 'boolean' && !/^(true|false)$/.test(content)) return [`${place}: is no boolean`]
  if (type === 'number' && (content === '' || !Number.isFinite(Number(content))))
    return [`${place}: is no number`]
  return []
}
