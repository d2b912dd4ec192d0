/** Where a call gets its bearer token. */
import { HoldfastError } from '../../src/contracts/errors.ts'

export interface TokenSource {
  /**
   * A token that is good for the next call.
   *
   * @throws HoldfastError `connector_reconnect` when there is none any more, `connector_configuration` when the app's
   *   own credentials are wrong, `connector_unavailable` (retryable) when HubSpot cannot be asked
   */
  current(): Promise<string>
  /**
   * After HubSpot answered 401: another token than the one that it refused. Many calls that were refused at once get
   * the same new one.
   *
   * @throws HoldfastError as {@link TokenSource.current}
   */
  renewed(refused: string): Promise<string>
}

/**
 * The token of a private app: it never runs out, so that a refused one was deleted or rotated.
 *
 * @example
 * const tokens = fixedToken('pat-eu1-…')
 */
export function fixedToken(token: string): TokenSource {
  return {
    current: async () => token,
    renewed: async () => {
      throw new HoldfastError(
        'connector_reconnect',
        'HubSpot refuses the token of the private app: it was rotated or the app was deleted. Copy the token from HubSpot (Settings > Integrations > Private apps > Auth) and connect again.',
      )
    },
  }
}
