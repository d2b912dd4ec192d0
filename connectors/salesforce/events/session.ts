/** Calls to the Pub/Sub API with a session that may have ended since. */
import { HoldfastError } from '../../../src/contracts/errors.ts'
import type { Session } from '../sessions.ts'
import { isServiceError, reactionTo } from './failures.ts'

/** As the connector's client has it: the sessions of an org. */
export interface EventSessions {
  /** 18-character id. */
  readonly org: string
  /** @param refused the access token that was refused; absent: the one that is good as far as is known */
  session(refused?: string): Promise<Session>
}

/**
 * Calls once more with a new session where the one at hand is refused.
 *
 * @throws HoldfastError `connector_reconnect` when the new one is refused as well
 */
export async function patientSession<T>(
  client: EventSessions,
  call: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await client.session()
  try {
    return await call(session)
  } catch (error) {
    if (!isRefused(error)) throw error
    const renewed = await client.session(session.accessToken)
    try {
      return await call(renewed)
    } catch (again) {
      throw isRefused(again) ? refusedAgain(again) : again
    }
  }
}

export const isRefused = (error: unknown): boolean => isServiceError(error) && reactionTo(error) === 'renew'

export const refusedAgain = (cause: unknown): HoldfastError =>
  new HoldfastError(
    'connector_reconnect',
    'Salesforce refuses a session for change events that it has just given out. Connect Salesforce again, and check that the integration user may use the API.',
    { cause },
  )
