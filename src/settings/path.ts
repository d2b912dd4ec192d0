/** Paths of settings as people read them: `delivery.mode`, `catalogue.sms.fixedCost`, `calls.people.0051.zone`. */

/**
 * Keys that somebody chose may hold a dot, which a backslash then precedes.
 *
 * @example
 * fieldPath(['calls', 'people', 'a.b', 'zone']) // 'calls.people.a\\.b.zone'
 */
export function fieldPath(steps: readonly (string | number)[]): string {
  return steps.map((step) => String(step).replace(/[\\.]/g, '\\$&')).join('.')
}

/**
 * The other way round.
 *
 * @example
 * stepsOf('calls.people.a\\.b.zone') // ['calls', 'people', 'a.b', 'zone']
 */
export function stepsOf(path: string): readonly string[] {
  const steps = ['']
  for (let at = 0; at < path.length; at++) {
    const mark = path[at]
    if (mark === '.') steps.push('')
    else steps[steps.length - 1] += mark === '\\' && at + 1 < path.length ? path[++at] : mark
  }
  return steps
}

/** Whether the shorter one is on the way to the longer one, or they are the same. */
export function overlap(a: readonly string[], b: readonly string[]): boolean {
  return a.slice(0, b.length).every((step, at) => step === b[at])
}
