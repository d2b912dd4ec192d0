/**
 * A sign-in to a CRM by a person's consent in the browser, between the address that was printed and the CRM's answer to
 * it. What is waited for lies sealed in the vault, so that whichever process the answer reaches can take it: one at a
 * time for a company, used once, for ten minutes.
 */
import { timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { HoldfastError, isErrorCode } from '../contracts/errors.ts'
import { asTenant, type TenantId } from '../contracts/ids.ts'
import { lockSealed } from '../store/credentials.ts'
import type { Transaction } from '../store/database.ts'
import { databaseTime } from '../store/time.ts'
import { looksLikeToken, newToken, tokenHash } from './tokens.ts'
import type { SealedPlace, Vault } from './vault.ts'

/** Minutes that the printed address works. */
export const WEB_MINUTES = 10

/** What the code that comes back is exchanged with; the verifier never leaves the server. */
export interface WaitingSignIn {
  /** Of PKCE (RFC 7636). */
  readonly verifier: string
  /** The address that the CRM sends the browser back to, as it was told. */
  readonly redirectUri: string
  readonly loginUrl: string
}

/** What became of it: JSON of the sign-in, or why there is none. */
export type SignInAnswer =
  | { readonly signedIn: string }
  | { readonly error: { readonly code: string; readonly message: string } }

const WAITING: SealedPlace = { owner: 'salesforce', name: 'web_sign_in' }
const ANSWER: SealedPlace = { owner: 'salesforce', name: 'web_sign_in_answer' }

const waitingSchema = z.object({
  mark: z.string(),
  until: z.iso.datetime(),
  verifier: z.string(),
  redirectUri: z.string(),
  loginUrl: z.string(),
})
const answerSchema = z.object({
  mark: z.string(),
  answer: z.union([
    z.object({ signedIn: z.string() }),
    z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
  ]),
})

/**
 * Begins one; another one of the company that was waited for is given up.
 *
 * @returns the `state` that comes back with the answer: nobody can guess it, and it names the company
 */
export async function beginWebSignIn(
  tx: Transaction,
  vault: Vault,
  tenant: TenantId,
  waiting: WaitingSignIn,
): Promise<string> {
  const token = newToken()
  const until = new Date((await databaseTime(tx)).getTime() + WEB_MINUTES * 60_000).toISOString()
  await vault.forget(tx, ANSWER)
  await vault.seal(tx, WAITING, JSON.stringify({ ...waiting, mark: markOf(token), until }))
  return `${tenant}.${token}`
}

/** The company that a `state` names; null where it has not the form of one. */
export function tenantOfState(state: string): TenantId | null {
  const [tenant, token, ...more] = state.split('.')
  if (more.length > 0 || token === undefined || !looksLikeToken(token)) return null
  return z.uuid().safeParse(tenant).success ? asTenant(tenant) : null
}

/**
 * What an answer is exchanged with. It can be had once.
 *
 * @throws HoldfastError `unauthenticated` for an answer that nobody waits for (any more)
 */
export async function takeWebSignIn(tx: Transaction, vault: Vault, state: string): Promise<WaitingSignIn> {
  // Of two answers with one state the second finds nothing.
  await lockSealed(tx, WAITING)
  const waiting = await waitingOf(tx, vault)
  if (waiting === null || !sameMark(waiting.mark, markOfState(state))) throw nobodyWaits()
  await vault.forget(tx, WAITING)
  if (Date.parse(waiting.until) <= (await databaseTime(tx)).getTime()) throw nobodyWaits()
  return waiting
}

/** Leaves what became of it to whoever waits. */
export function answerWebSignIn(
  tx: Transaction,
  vault: Vault,
  state: string,
  answer: SignInAnswer,
): Promise<void> {
  return vault.seal(tx, ANSWER, JSON.stringify({ mark: markOfState(state), answer }))
}

/**
 * Looks whether an answer came; it is given once.
 *
 * @returns JSON of the sign-in; null: not yet
 * @throws HoldfastError the one of the answer; `conflict` when another sign-in took the place; `usage` when time is up
 */
export async function signedInByWeb(tx: Transaction, vault: Vault, state: string): Promise<string | null> {
  const mark = markOfState(state)
  const found = await answerOf(tx, vault)
  if (found !== null && sameMark(found.mark, mark)) {
    await vault.forget(tx, ANSWER)
    if ('signedIn' in found.answer) return found.answer.signedIn
    const { code, message } = found.answer.error
    throw new HoldfastError(isErrorCode(code) ? code : 'connector_reconnect', message)
  }
  const waiting = await waitingOf(tx, vault)
  if (found !== null || (waiting !== null && !sameMark(waiting.mark, mark)))
    throw new HoldfastError('conflict', 'Another sign-in of this company was begun; this one is given up.')
  if (waiting !== null && Date.parse(waiting.until) <= (await databaseTime(tx)).getTime()) {
    await vault.forget(tx, WAITING)
    throw new HoldfastError(
      'usage',
      `Nobody signed in within ${WEB_MINUTES} minutes, so the address works no more. Begin again.`,
    )
  }
  return null
}

/** Whoever waited went away: an answer that still comes finds nobody, and one that came is not kept. */
export async function giveUpWebSignIn(tx: Transaction, vault: Vault, state: string): Promise<void> {
  const waiting = await waitingOf(tx, vault)
  if (waiting !== null && sameMark(waiting.mark, markOfState(state))) await vault.forget(tx, WAITING)
  const answer = await answerOf(tx, vault)
  if (answer !== null && sameMark(answer.mark, markOfState(state))) await vault.forget(tx, ANSWER)
}

async function waitingOf(tx: Transaction, vault: Vault): Promise<z.infer<typeof waitingSchema> | null> {
  const sealed = await vault.unseal(tx, WAITING)
  return sealed === null ? null : waitingSchema.parse(JSON.parse(sealed.toString('utf8')))
}

async function answerOf(tx: Transaction, vault: Vault): Promise<z.infer<typeof answerSchema> | null> {
  const sealed = await vault.unseal(tx, ANSWER)
  return sealed === null ? null : answerSchema.parse(JSON.parse(sealed.toString('utf8')))
}

const markOf = (token: string): string => tokenHash(token).toString('hex')
const markOfState = (state: string): string => markOf(state.split('.')[1] ?? '')

function sameMark(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function nobodyWaits(): HoldfastError {
  return new HoldfastError(
    'unauthenticated',
    `Nobody waits for this sign-in: it was used before, was given up, or is older than ${WEB_MINUTES} minutes. Begin again: holdfast connect salesforce --web.`,
  )
}
