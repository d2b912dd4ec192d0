/**
 * JSON with one spelling: keys sorted, no white space, numbers as ECMAScript writes them (the shortest that
 * reads back to the same double), so that equal values have equal bytes and one hash. As RFC 8785, but that
 * -0 stays -0: a model must come back with the bits that it had.
 *
 * @throws TypeError on what JSON cannot hold without loss: NaN, infinities, undefined within an array
 * @example
 * canonicalJson({ b: 1, a: [0.1] }) // '{"a":[0.1],"b":1}'
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`JSON cannot hold ${value}.`)
      return Object.is(value, -0) ? '-0' : JSON.stringify(value)
    case 'object':
      if (value === null) return 'null'
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
      return canonicalObject(value)
    default:
      throw new TypeError(`JSON cannot hold a ${typeof value}.`)
  }
}

/** The shortest double that rounds to this float32, so that 0.1 is written "0.1" and not "0.10000000149011612". */
export function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Object.is(Math.fround(short), value)) return short
  }
  return value
}

function canonicalObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`JSON cannot hold a ${value.constructor.name}.`)
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}
