/**
 * What carries an action out. A discount is promised in a message only where somebody fulfils it: codes of a pool, or
 * billing (settings: offers.fulfilment). Everything else that gives something off is a task: somebody who knows the
 * customer makes the offer and sees to it.
 */
import type { Action, ChannelName } from '../contracts/actions.ts'
import type { OfferSettings } from '../settings/offers.ts'

export interface Way {
  /** `connectors.can(kind, 'tasks')`. */
  readonly tasks: boolean
  readonly settings: { readonly offers: Pick<OfferSettings, 'fulfilment'> }
}

/**
 * Who fulfils the discount of an action.
 *
 * @example
 * fulfilmentOf(parseServiceSettings({}), 'discount_10').by // 'person'
 */
export function fulfilmentOf({ offers }: Way['settings'], actionKey: string): Fulfilment {
  return offers.fulfilment[actionKey] ?? BY_PERSON
}

export type Fulfilment = OfferSettings['fulfilment'][string]

const BY_PERSON: Fulfilment = { by: 'person' }

/**
 * The channel that a connection carries an action out by: the catalogue's, or a task for an offer that no code and no
 * billing fulfils.
 *
 * @example
 * channelFor({ key: 'discount_10', channel: 'email', discount: 0.1 }, { tasks: true, settings }) // 'task'
 */
export function channelFor<C extends ChannelName>(
  { key, channel, discount }: Pick<Action, 'key' | 'discount'> & { readonly channel: C },
  { settings }: Way,
): C | 'task' {
  if (channel === 'none' || discount === 0) return channel
  return fulfilmentOf(settings, key).by === 'person' ? 'task' : channel
}

/** All actions with the channel that a connection carries them out by: see {@link channelFor}. */
export const carriedOut = (actions: readonly Action[], way: Way): readonly Action[] =>
  actions.map((action) => ({ ...action, channel: channelFor(action, way) }))

/**
 * Whether anybody fulfils what an action gives off: where nobody does, it is neither promised nor planned (the mask
 * `no_offer`). Actions that give nothing off are fulfilled.
 *
 * @example
 * isFulfilled({ key: 'discount_10', discount: 0.1 }, { tasks: false, settings }) // false: no task and no code
 */
export function isFulfilled({ key, discount }: Pick<Action, 'key' | 'discount'>, way: Way): boolean {
  return discount === 0 || way.tasks || fulfilmentOf(way.settings, key).by !== 'person'
}
