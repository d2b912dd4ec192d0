/** Whether two values of JSON say the same: of objects the order of keys does not matter. The app has this file too. */

/**
 * What is undefined is not what is absent: a field that is there and empty is told apart from one that is left out.
 *
 * @example
 * same({ a: 1, b: [2] }, { b: [2], a: 1 }) // true
 */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(Reflect.get(a, key), Reflect.get(b, key)))
  )
}
