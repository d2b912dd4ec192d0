/** Where a call gets its session: an access token, and the address of the org that it is good for. */
import { HoldfastError } from '../../src/contracts/errors.ts'

export interface Session {
  readonly accessToken: string
  /** Without a slash at its end: `https://acme.my.salesforce.com`. */
  readonly instanceUrl: string
}

export interface SessionSource {
  /**
   * A session for the next call. Salesforce does not say how long one lasts: it is good until it is refused.
   *
   * @throws HoldfastError `connector_reconnect` when there is none any more, `connector_configuration` when the app's
   *   own credentials are wrong, `connector_unavailable` (retryable) when Salesforce cannot be asked
   */
  current(): Promise<Session>
  /**
   * After Salesforce answered 401: another session than the one whose access token it refused. Many calls that were
   * refused at once get the same new one.
   *
   * @throws HoldfastError as {@link SessionSource.current}
   */
  renewed(refused: string): Promise<Session>
}

/**
 * One session that cannot be renewed: of a sign-in that is about to be stored.
 *
 * @example
 * const sessions = fixedSession({ accessToken: '00D…!AQ…', instanceUrl: 'https://acme.my.salesforce.com' })
 */
export function fixedSession(session: Session): SessionSource {
  return {
    current: async () => session,
    renewed: async () => {
      throw new HoldfastError(
        'connector_reconnect',
        'Salesforce refuses the session that was just opened. Check that the user may use the API ("API Enabled") and that the policies of the app let this machine in (IP restrictions), then connect again.',
      )
    },
  }
}
