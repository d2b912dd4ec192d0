/**
 * The one place where Twilio's own client is reached: loaded with the first text, pointed at a sandbox where one is
 * named, and told when a request is about to leave.
 */
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Twilio } from 'twilio'

export interface TwilioAccount {
  /** AC… */
  readonly accountSid: string
  readonly auth:
    | { readonly authToken: string }
    /** SK… and its secret. */
    | { readonly apiKey: string; readonly secret: string }
  /** Where a sandbox listens, such as http://127.0.0.1:4010; absent: Twilio. */
  readonly baseUrl?: string
}

/** Called when the connection stands and before anything of the request is written; what it throws breaks it off. */
export type BeforeWriting = () => Promise<void>

/**
 * A client for one conversation: each request has a connection of its own, so that none fails because a connection that
 * was kept open has died, which would look like a text that may have left.
 *
 * @param timeoutMs of each request
 * @example
 * const client = await twilioClient(account, { timeoutMs: 10_000 })
 */
export async function twilioClient(
  { accountSid, auth, baseUrl }: TwilioAccount,
  { timeoutMs, beforeWriting }: { readonly timeoutMs: number; readonly beforeWriting?: BeforeWriting },
): Promise<Twilio> {
  const { default: twilio } = await import('twilio')
  const http = new twilio.RequestClient({ timeout: timeoutMs, keepAlive: false })
  const agents = {
    httpAgent: asking(new HttpAgent(), 'connect'),
    httpsAgent: asking(new HttpsAgent(), 'secureConnect'),
  }
  Object.assign(http.axios.defaults, agents)
  const send = http.request.bind(http)
  if (baseUrl !== undefined)
    http.request = (options) => send({ ...options, uri: atSandbox(options.uri, baseUrl) })
  const [user, password] = 'apiKey' in auth ? [auth.apiKey, auth.secret] : [accountSid, auth.authToken]
  return twilio(user, password, { accountSid, httpClient: http })

  function asking<A extends HttpAgent>(agent: A, ready: 'connect' | 'secureConnect'): A {
    if (beforeWriting === undefined) return agent
    const connect = agent.createConnection.bind(agent)
    // Node writes the request as soon as it is given the connection.
    agent.createConnection = (options, callback) => {
      const socket = connect(options) as Duplex
      const failed = (error: Error): void => callback?.(error, socket)
      socket.once('error', failed)
      socket.once(ready, () => {
        beforeWriting().then(
          () => {
            socket.off('error', failed)
            callback?.(socket.destroyed ? new Error('the connection broke') : null, socket)
          },
          (error: Error) => {
            socket.off('error', failed)
            socket.destroy()
            callback?.(error, socket)
          },
        )
      })
      return undefined
    }
    return agent
  }
}

/** https://messaging.twilio.com/v1/… at a sandbox is /messaging/v1/…, that of the first API is at its root. */
function atSandbox(uri: string, baseUrl: string): string {
  const { hostname, pathname, search } = new URL(uri)
  const [product] = hostname.split('.')
  return `${baseUrl.replace(/\/$/, '')}${product === 'api' ? '' : `/${product}`}${pathname}${search}`
}

/** A form as it came: a name that came more than once has a list. */
export type SignedForm = Readonly<Record<string, string | string[]>>

/**
 * Whether Twilio signed a request (X-Twilio-Signature), by its own check, constant in time.
 *
 * @param url as Twilio was told it, never as the request names it
 * @example
 * await isSignedByTwilio({ authToken, signature, url: 'https://hold.example.com/sms/…/inbound', form })
 */
export async function isSignedByTwilio(request: {
  readonly authToken: string
  readonly signature: string
  readonly url: string
  readonly form: SignedForm
}): Promise<boolean> {
  const { default: twilio } = await import('twilio')
  return twilio.validateRequest(request.authToken, request.signature, request.url, request.form)
}
