/**
 * What is paused, and what that means for one intervention. Asked when deciding, when something is about to be sent,
 * and once more right before it is handed over: so a pause holds within seconds, also for what a worker has already
 * taken.
 */
import type { Transaction } from '../store/database.ts'
import { readPauses, type PauseRows } from '../store/pauses.ts'

export interface PauseFacts {
  /** Why nothing is sent for anybody; null: it may be. */
  readonly installation: string | null
  /** Why nothing is sent for this company; null: it may be. */
  readonly tenant: string | null
  /** Why, by the key of the action. */
  readonly actions: ReadonlyMap<string, string>
  /** Why, by the channel that carries it out. */
  readonly channels: ReadonlyMap<string, string>
  /** Whether the kill switch is on: no action is chosen, and what is open is cancelled. */
  readonly killed: boolean
  /** Why it is on; null where it is off. */
  readonly killedReason: string | null
}

export interface Paused {
  /** `cancelled`: it does not come back. */
  readonly to: 'deferred' | 'cancelled'
  readonly code: PauseCode
  readonly reason: string
}

export type PauseCode =
  | 'killed'
  | 'installation_paused'
  | 'tenant_paused'
  | 'action_paused'
  | 'channel_paused'

/**
 * One statement for any number of interventions of a tenant.
 *
 * @example
 * const facts = await pauseFacts(tx)
 * pauseVerdict(facts, { actionKey: 'email', channel: 'email' }) // null: it may go on
 */
export async function pauseFacts(tx: Transaction): Promise<PauseFacts> {
  return pauseFactsOf(await readPauses(tx))
}

function pauseFactsOf({ installation, tenant, running }: PauseRows): PauseFacts {
  const of = (scope: string) =>
    new Map(running.filter((one) => one.scope === scope).map(({ name, reason }) => [name, reason]))
  const killed = running.find(({ scope }) => scope === 'everything')
  return {
    installation,
    tenant,
    actions: of('action'),
    channels: of('channel'),
    killed: killed !== undefined,
    killedReason: killed?.reason ?? null,
  }
}

/**
 * The widest first: whoever ends one pause should not find the next only then.
 *
 * @param one `channel` as it is carried out by
 * @returns null when nothing is paused that it needs
 */
export function pauseVerdict(
  facts: PauseFacts,
  { actionKey, channel }: { readonly actionKey: string; readonly channel: string },
): Paused | null {
  const { installation, tenant } = facts
  if (facts.killed)
    return {
      to: 'cancelled',
      code: 'killed',
      reason: `All actions were stopped: ${facts.killedReason ?? 'no reason was given'}`,
    }
  const waits = (code: PauseCode, reason: string): Paused => ({ to: 'deferred', code, reason })
  if (installation !== null)
    return waits('installation_paused', `Nothing is sent for anybody at the moment: ${installation}`)
  if (tenant !== null) return waits('tenant_paused', `Sending is paused: ${tenant}`)
  const action = facts.actions.get(actionKey)
  if (action !== undefined) return waits('action_paused', `This action is paused: ${action}`)
  const through = facts.channels.get(channel)
  return through === undefined
    ? null
    : waits('channel_paused', `${CHANNEL[channel] ?? channel} is paused: ${through}`)
}

const CHANNEL: Readonly<Record<string, string>> = { email: 'E-mail', sms: 'SMS', task: 'Making tasks' }

/**
 * Which actions may not be chosen now, for the mask `paused`.
 *
 * @returns the reason by the key of the action; with the kill switch on every action has it
 * @example
 * pausedActions(await pauseFacts(tx), actions).get('discount_10') // 'Too many opt-outs.'
 */
export function pausedActions(
  facts: PauseFacts,
  actions: readonly { readonly key: string; readonly channel: string }[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { key, channel } of actions) {
    if (channel === 'none') continue
    const reason = facts.killed
      ? (facts.killedReason ?? '')
      : (facts.actions.get(key) ?? facts.channels.get(channel))
    if (reason !== undefined) found.set(key, reason)
  }
  return found
}
