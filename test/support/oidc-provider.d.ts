/** As much of oidc-provider, which brings no types, as the provider of our tests uses. */
declare module 'oidc-provider' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

  interface Context {
    readonly oidc: {
      readonly client?: { readonly clientId: string }
      readonly session?: { readonly accountId?: string }
    }
  }

  interface Grant {
    addOIDCScope(scope: string): void
    save(): Promise<string>
  }

  export interface Configuration {
    readonly clients: readonly object[]
    readonly cookies: { readonly keys: readonly string[] }
    readonly claims: Readonly<Record<string, readonly string[]>>
    readonly scopes: readonly string[]
    readonly conformIdTokenClaims: boolean
    readonly features: { readonly devInteractions: { readonly enabled: boolean } }
    readonly interactions: { url(context: Context, interaction: { readonly uid: string }): string }
    readonly pkce: { required(): boolean }
    findAccount(context: Context, id: string): { readonly accountId: string; claims(): object }
    loadExistingGrant(context: Context): Promise<Grant>
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration)
    readonly Grant: new (grant: { readonly clientId: string; readonly accountId: string }) => Grant
    callback(): RequestListener
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: object,
      options: { readonly mergeWithLastSubmission: boolean },
    ): Promise<void>
  }
}
