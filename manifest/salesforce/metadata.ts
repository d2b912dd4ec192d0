/**
 * Files of the Metadata API, written as Salesforce writes them when it is asked for them: the full name first, the rest by its name,
 * a list as its element over and over. So a retrieval shows what an org changed and nothing else.
 */
export type Metadata =
  | string
  | number
  | boolean
  | readonly Metadata[]
  | { readonly [element: string]: Metadata | undefined }

const NAMESPACE = 'http://soap.sforce.com/2006/04/metadata'

/**
 * @param type root element: `CustomField`
 * @param content what is undefined is left out; `xsi:type` and `#text` are an element's type and the text in it
 * @example
 * metadataFile('CustomField', { fullName: 'Key__c', type: 'Text', length: 255 })
 */
export function metadataFile(
  type: string,
  content: { readonly [element: string]: Metadata | undefined },
): string {
  const xsi = JSON.stringify(content).includes('"xsi:type"')
    ? ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    : ''
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${type} xmlns="${NAMESPACE}"${xsi}>\n${elements(content, 1)}</${type}>\n`
}

function elements(content: { readonly [element: string]: Metadata | undefined }, depth: number): string {
  return Object.entries(content)
    .toSorted(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1))
    .map(([name, value]) => element(name, value, depth))
    .join('')
}

const place = (name: string): number => (name === 'fullName' ? 0 : 1)

function element(name: string, value: Metadata | undefined, depth: number): string {
  if (value === undefined) return ''
  const indent = '    '.repeat(depth)
  if (isList(value)) return value.map((one) => element(name, one, depth)).join('')
  if (typeof value !== 'object') return `${indent}<${name}>${escaped(String(value))}</${name}>\n`
  const { 'xsi:type': type, '#text': text, ...content } = value
  const attribute = typeof type === 'string' ? ` xsi:type="${type}"` : ''
  if (text !== undefined) return `${indent}<${name}${attribute}>${escaped(String(text))}</${name}>\n`
  return `${indent}<${name}${attribute}>\n${elements(content, depth + 1)}${indent}</${name}>\n`
}

const isList = (value: Metadata): value is readonly Metadata[] => Array.isArray(value)

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character])
