/** What nobody sends by accident, and everybody does some day. */
import * as fc from 'fast-check'

const DEEP = 3000
const deep = (open: string, close: string): string => open.repeat(DEEP) + close.repeat(DEEP)

/** Values within JSON. */
const VALUES: readonly unknown[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\u202Eevil',
  '\uFEFF',
  '\uD800',
  '\uDFFFx',
  '😀'.repeat(300),
  'x'.repeat(20_000),
  '\r\nSet-Cookie: a=b',
  "'; drop table customers; --",
  "' or '1'='1",
  '${7*7}',
  '{{ 7 | times: 7 }}',
  '{% for i in (1..100000000) %}x{% endfor %}',
  '../../../../etc/passwd',
  '%00%0d%0a',
  '<script>alert(1)</script>',
  'javascript:alert(1)',
  'http://169.254.169.254/latest/meta-data/',
  'https://localhost:1/',
  '=cmd|calc!A1',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  'Infinity',
  '-0',
  '1e999',
  '0x10',
  '１２',
  '2026-02-30',
  '0000-00-00',
  '9999-12-31T23:59:59.999Z',
  '+275760-09-13T00:00:00Z',
  'infinity',
  0,
  -0,
  -1,
  0.1 + 0.2,
  1e308,
  -1e308,
  5e-324,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  true,
  false,
  null,
  [],
  {},
  [[]],
  [null],
  { toString: 'x' },
  { length: 1e9 },
  { $ne: null },
  JSON.parse('{"then":"x"}') as unknown,
]

export const nastyValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...VALUES) },
  // What a database refuses and a check of the shape lets through.
  { weight: 1, arbitrary: fc.constantFrom('a\0b', '\uDFFFx') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
)

/** Keys that other objects have of their own. */
const nastyKey = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'tenant',
  'tenant_id',
  'role',
  'id',
  'isAdmin',
  '',
  '\0',
  'x'.repeat(2000),
)

/** Of a value one part is another, is gone, or there is one more: what was nearly right is nearly right no more. */
export function mutated(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(
      values,
      nastyValue,
      nastyKey,
      fc.nat({ max: 1000 }),
      fc.constantFrom('replace', 'drop', 'add', 'wrap', 'leave'),
    )
    .map(([value, other, key, at, how]) => {
      if (how === 'leave') return value
      if (how === 'wrap') return [value]
      const places = placesIn(value)
      const [holder, name] = places[at % places.length] ?? [null, '']
      if (holder === null) return other
      if (how === 'add')
        Object.defineProperty(holder, key, {
          value: other,
          enumerable: true,
          configurable: true,
          writable: true,
        })
      else if (how === 'drop') Reflect.deleteProperty(holder, name)
      else Reflect.set(holder, name, other)
      return value
    })
}

function placesIn(value: unknown, depth = 0): [object, string][] {
  if (typeof value !== 'object' || value === null || depth > 6) return []
  return Object.keys(value).flatMap((name) => [
    [value, name] as [object, string],
    ...placesIn((value as Record<string, unknown>)[name], depth + 1),
  ])
}

/** Whole bodies that are no JSON of anybody, with the types that they come under. */
export const nastyBody: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .constantFrom(
      '',
      '{',
      '[',
      'null',
      'true',
      '0',
      '"x"',
      '[]',
      '{}',
      '{"__proto__":{"role":"admin"}}',
      '{"constructor":{"prototype":{"role":"admin"}}}',
      '{"a":1,"a":2}',
      '{"a":1}{"b":2}',
      '\uFEFF{}',
      `{"a":${'9'.repeat(5000)}}`,
      '{"a":"\\ud800"}',
      '{"a":"\\u0000"}',
      deep('[', ']'),
      deep('{"a":', '}').replace('}', '1}'),
      `[${'0,'.repeat(30_000)}0]`,
      'a=1&a=2&__proto__=x&%=%zz',
      `token=${'x'.repeat(5000)}`,
      'x'.repeat(200_000),
    )
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  // UTF-16, UTF-8 that is cut in two, and bytes that begin a compressed file.
  fc.constantFrom(
    Buffer.from('{"a":1}', 'utf16le'),
    Buffer.from('{"a":"é').subarray(0, 7),
    Buffer.from([0x1f, 0x8b, 8, 0]),
  ),
)

export const contentType = fc.constantFrom(
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'application/json;charset="',
  'application/vnd.x+json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'text/plain',
  'text/xml',
  'image/png',
  ';;;',
  'x'.repeat(500),
)

/** A piece of a path or a query, as it goes over the wire. */
export const nastyPiece: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '%',
    '%2',
    '%zz',
    '%00',
    '%ED%A0%80',
    '%FF%FE',
    '%2e%2e%2f',
    '..%2f..%2f',
    '%25%30%30',
    '-1',
    '0',
    '1.5',
    '1e3',
    '99999999999999999999',
    'null',
    'undefined',
    'NaN',
    '__proto__',
    'constructor',
    "1'%20or%20'1'='1",
    '1;select%20pg_sleep(9)',
    'x'.repeat(6000),
  ),
  nastyValue.map((value) => encode(typeof value === 'string' ? value : JSON.stringify(value))),
)

export function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).slice(0, 6000)
}

/** Names and values of headers that are allowed on the wire, and mean something to somebody. */
export const nastyHeaders: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom(
        'x-request-id',
        'if-match',
        'idempotency-key',
        'accept',
        'accept-language',
        'content-encoding',
        'range',
        'x-forwarded-for',
        'x-forwarded-proto',
        'x-forwarded-host',
        'x-http-method-override',
        'origin',
        'sec-fetch-site',
        'referer',
        'x-twilio-signature',
        'x-hubspot-signature-v3',
        'x-hubspot-request-timestamp',
        'webhook-id',
        'webhook-timestamp',
        'webhook-signature',
      ),
      fc.oneof(
        fc.constantFrom(
          '',
          '*',
          '"1"',
          'W/"0"',
          '"999999999"',
          'gzip',
          'null',
          'https://evil.example',
          '99999999999999',
          '-1',
          'é',
        ),
        fc.string({ maxLength: 80 }).map((text) => text.replace(/[^\t\x20-\x7e]/g, '')),
        fc.constant('x'.repeat(3000)),
      ),
    ),
    { maxLength: 4, selector: ([name]) => name },
  )
  .map((pairs) => Object.fromEntries(pairs))
