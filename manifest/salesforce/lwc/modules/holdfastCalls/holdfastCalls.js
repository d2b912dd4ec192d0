/**
 * What is asked of Holdfast by the package's Apex, and the words for when it cannot be asked. Apex gives the service's JSON as
 * text, and says in a sentence why it has none.
 */

/** Salesforce's own words for what no Apex of ours wrote: they help nobody. */
const NOT_FOR_PEOPLE = /^(Script-thrown exception|An internal server error|Internal Server Error)/i

const SILENT = {
  read: 'Holdfast cannot be reached from here at the moment. Nothing is lost: try again, and tell your admin if it stays like this.',
  press:
    'No answer came, so it is not known whether this arrived. Press again: it is done once, however often it arrives.',
}

/**
 * Never throws.
 *
 * @param {(parameters?: object) => Promise<unknown>} call a method of Apex
 * @param {object} [parameters] by the names that they have in Apex
 * @param {'read' | 'press'} [kind] what is told when there is no answer at all
 * @returns {Promise<{ value: any, trouble: string | null }>} one of the two is null
 * @example
 * const { value, trouble } = await ask(readCard, { recordId })
 */
export async function ask(call, parameters = {}, kind = 'read') {
  try {
    const answer = await call(parameters)
    return { value: typeof answer === 'string' ? JSON.parse(answer) : answer, trouble: null }
  } catch (error) {
    const said = error?.body?.message
    const forPeople = typeof said === 'string' && said !== '' && !NOT_FOR_PEOPLE.test(said)
    return { value: null, trouble: forPeople ? said : SILENT[kind] }
  }
}

/**
 * What is pressed: one thing at a time, however fast somebody presses.
 *
 * @param {(busy: string | null) => void} onBusy with the name of what is under way
 * @returns {(name: string, work: () => Promise<void>) => Promise<boolean>} false: something else was under way
 * @example
 * press = onePress((busy) => { this.busy = busy })
 */
export function onePress(onBusy) {
  let under = false
  return async (name, work) => {
    if (under) return false
    under = true
    onBusy(name)
    try {
      await work()
    } finally {
      under = false
      onBusy(null)
    }
    return true
  }
}
