/** A real OpenID provider over HTTP, whose people are what a test says, and a browser that signs in there. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

export interface ProviderPerson {
  readonly email?: string
  readonly email_verified?: boolean
  readonly name?: string
  readonly groups?: readonly string[]
}

export interface OpenIdProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Account id to what the provider says of it; may be changed meanwhile. */
  readonly people: Record<string, ProviderPerson>
  /** Adds a place that it may send browsers back to. */
  allow(redirectUri: string): void
  /**
   * Follows the provider's redirects as somebody's browser, who types their name where they are asked.
   *
   * @returns where the provider sends them back to
   */
  visit(url: string, account: string): Promise<string>
  /** Stops answering, and answers again. */
  pause(): Promise<void>
  resume(): Promise<void>
  close(): Promise<void>
}

/** @param inToken puts claims into the ID token itself rather than behind userinfo */
export async function startOpenIdProvider({ inToken = false } = {}): Promise<OpenIdProvider> {
  const people: Record<string, ProviderPerson> = {}
  const redirects: string[] = []
  const clientId = 'holdfast'
  const clientSecret = 'a secret of the client, long enough'
  let listener: RequestListener = (_, response) => void response.writeHead(503).end()
  const { server, port } = await listen((request, response) => listener(request, response), 0)
  let open: Server | null = server
  const issuer = `http://127.0.0.1:${port}`

  const serve = (redirectUris: readonly string[]): void => {
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: clientId,
          client_secret: clientSecret,
          redirect_uris: redirectUris,
          response_types: ['code'],
          grant_types: ['authorization_code'],
        },
      ],
      cookies: { keys: ['a key of a test'] },
      claims: { email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
      scopes: ['openid', 'email', 'profile', 'groups'],
      conformIdTokenClaims: !inToken,
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      pkce: { required: () => true },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
      // Nobody is asked whether Holdfast may know their address: the company decided so.
      loadExistingGrant: async ({ oidc }) => {
        const grant = new provider.Grant({
          clientId: oidc.client!.clientId,
          accountId: oidc.session!.accountId!,
        })
        grant.addOIDCScope('openid email profile groups')
        await grant.save()
        return grant
      },
    })
    const answer = provider.callback()
    listener = (request, response) => {
      const signIn = /^\/interaction\/[^/?]+\?as=(.+)$/.exec(request.url ?? '')
      if (signIn === null) return void answer(request, response)
      const login = { login: { accountId: decodeURIComponent(signIn[1]) } }
      void provider.interactionFinished(request, response, login, { mergeWithLastSubmission: false })
    }
  }

  return {
    issuer,
    clientId,
    clientSecret,
    people,
    allow: (redirectUri) => {
      redirects.push(redirectUri)
      serve(redirects)
    },
    visit: async (url, account) => {
      const cookies = new Map<string, string>()
      let at = new URL(url)
      for (let hops = 0; hops < 10; hops++) {
        if (at.pathname.startsWith('/interaction/')) at.search = `?as=${encodeURIComponent(account)}`
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
        const response = await fetch(at, { redirect: 'manual', headers: { cookie } })
        for (const set of response.headers.getSetCookie()) {
          const [name, value] = set.split(';')[0].split(/=(.*)/s)
          cookies.set(name, value)
        }
        const location = response.headers.get('location')
        if (location === null)
          throw new Error(`The provider answered ${response.status}: ${await response.text()}`)
        at = new URL(location, at)
        if (at.origin !== issuer) return at.href
      }
      throw new Error('The provider leads in a circle.')
    },
    pause: async () => {
      await close(open)
      open = null
    },
    resume: async () => {
      open = (await listen((request, response) => listener(request, response), port)).server
    },
    close: () => close(open),
  }
}

async function listen(listener: RequestListener, port: number): Promise<{ server: Server; port: number }> {
  const server = createServer(listener)
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  return { server, port: (server.address() as AddressInfo).port }
}

async function close(server: Server | null): Promise<void> {
  if (server === null) return
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
}
