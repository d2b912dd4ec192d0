/**
 * A Twilio of our own that keeps what it is given and delivers nothing: where texts go until an admin says otherwise,
 * and the provider that tests break in every way a real one breaks. Twilio's own client talks to it over HTTP, and it
 * answers in the shapes of Twilio's OpenAPI description.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { answerTo, type Refusal } from './answers.ts'
import { postForm } from './callbacks.ts'
import { createFaults, type SmsFault, type SmsFaultRule } from './faults.ts'
import { besideOf, inboundForm, messageIn, statusForm } from './forms.ts'
import { refuse, send } from './http.ts'
import { isStart, isStop } from './opt-outs.ts'
import { refusalOf } from './refusals.ts'
import { messageJson, newText, type SandboxText, type TextStatus } from './texts.ts'

/** What was made whole, whether or not its sender was told: what a ledger is compared with. */
export interface SmsDelivery {
  readonly sid: string
  readonly to: string
  readonly body: string
  readonly at: Date
  /** Of the address that it reports to: the key of the attempt; null: none. */
  readonly key: string | null
}

/** What somebody sends to the sandbox's number. */
export interface InboundText {
  /** E.164. */
  readonly from: string
  readonly body: string
  /** Where it is handed on; default: beside where the last text to this number reports. */
  readonly url?: string
}

export interface SmsSandbox {
  readonly host: string
  readonly port: number
  /** `baseUrl` of a channel. */
  readonly url: string
  readonly accountSid: string
  readonly authToken: string
  readonly messagingServiceSid: string
  /** The one number that it sends from, E.164. */
  readonly number: string
  /** In both directions, newest first. */
  list(): readonly SandboxText[]
  read(sid: string): SandboxText | null
  clear(): void
  /** Texts to and from these numbers (E.164) go, for somebody who asked to be forgotten; that they said stop stays. */
  forget(numbers: readonly string[]): void
  /** All that were made since the start, oldest first; `clear` leaves them. */
  deliveries(): readonly SmsDelivery[]
  inject(rule: SmsFaultRule): () => void
  /**
   * Somebody texts us: STOP and START are kept as Twilio keeps them, and everything is handed on to the webhook.
   *
   * @returns the status that the webhook answered with (null: nobody is there), and the text that it had sent back
   */
  receive(text: InboundText): Promise<{ readonly status: number | null; readonly answer: string | null }>
  /** When everything has been told that was to be told. */
  settled(): Promise<void>
  close(): Promise<void>
}

export interface SmsSandboxOptions {
  /** 0: a free one. */
  readonly port: number
  readonly host: string
  /** What callbacks are signed and requests are signed in with; default: made up. */
  readonly authToken?: string
  /** Texts that are kept, default 10,000; the oldest go. */
  readonly keep?: number
  /** Whether what becomes of texts is told, default true. */
  readonly tells?: boolean
}

/** The sandbox's own account, the same in every process. */
const SANDBOX_ACCOUNT = {
  accountSid: `AC${createHash('md5').update('holdfast sandbox account').digest('hex')}`,
  messagingServiceSid: `MG${createHash('md5').update('holdfast sandbox service').digest('hex')}`,
  // Of the numbers that are kept for fiction.
  number: '+12025550142',
} as const

/**
 * @throws HoldfastError `port_in_use`
 * @example
 * const sandbox = await startSmsSandbox({ port: 0, host: '127.0.0.1' })
 * const channel = openSmsChannel({ ...sandbox, baseUrl: sandbox.url, auth: sandbox, from: sandbox, … })
 */
export async function startSmsSandbox(options: SmsSandboxOptions): Promise<SmsSandbox> {
  const { keep = 10_000, tells = true } = options
  const authToken = options.authToken ?? randomBytes(16).toString('hex')
  const { accountSid, messagingServiceSid, number } = SANDBOX_ACCOUNT
  const faults = createFaults()
  const texts = new Map<string, SandboxText>()
  const made: SmsDelivery[] = []
  const optedOut = new Set<string>()
  /** Where answers of a number are handed on: beside where the last text to it reports. */
  const inboundUrls = new Map<string, string>()
  const running = new Set<Promise<unknown>>()

  function remember(text: SandboxText): SandboxText {
    texts.delete(text.sid)
    texts.set(text.sid, text)
    while (texts.size > keep) texts.delete(texts.keys().next().value!)
    return text
  }

  function update(sid: string, change: Partial<SandboxText>): void {
    const known = texts.get(sid)
    // In its place: the list stays in the order of arrival.
    if (known !== undefined) texts.set(sid, { ...known, ...change, updatedAt: new Date() })
  }

  function background(work: Promise<unknown>): void {
    const done = work.catch(() => undefined).finally(() => running.delete(done))
    running.add(done)
  }

  /** @returns null: the connection was broken, or hangs */
  async function create(
    form: URLSearchParams,
    socket: IncomingMessage['socket'],
  ): Promise<SandboxText | Refusal | null> {
    const to = form.get('To') ?? ''
    const passes = async (at: 'request' | 'answer'): Promise<boolean> => {
      const fault = faults.next(['drop', 'hang', 'slow'], to, at)
      if (fault === null) return true
      if (fault.kind === 'slow') await sleep(fault.ms, undefined, { ref: false })
      if (fault.kind === 'drop') socket.destroy()
      return fault.kind === 'slow'
    }
    if (!(await passes('request'))) return null
    const refusal = faults.next(['refuse'], to) ?? refusalOf(form, { number, messagingServiceSid, optedOut })
    if (refusal !== null) return refusal
    const service = form.get('MessagingServiceSid')
    const callback = form.get('StatusCallback')
    const text = remember(
      newText({
        direction: 'outbound-api',
        from: service === null ? form.get('From') : number,
        to,
        body: form.get('Body')!,
        status: service === null ? 'queued' : 'accepted',
        service,
        callback,
      }),
    )
    made.push({
      sid: text.sid,
      to,
      body: text.body,
      at: text.at,
      key: callback === null ? null : new URL(callback).searchParams.get('a'),
    })
    if (callback !== null) inboundUrls.set(to, besideOf(callback))
    const later = faults.next(['fail_later'], to)
    background(proceed(text, later, faults.next(['callbacks'], to)))
    return (await passes('answer')) ? text : null
  }

  async function proceed(
    text: SandboxText,
    later: Extract<SmsFault, { kind: 'fail_later' }> | null,
    told: Extract<SmsFault, { kind: 'callbacks' }> | null,
  ): Promise<void> {
    const steps: readonly { status: TextStatus; code: number | null }[] = [
      ...(later?.status === 'failed' ? [] : [{ status: 'sent' as const, code: null }]),
      later === null ? { status: 'delivered', code: null } : { status: later.status, code: later.code },
    ]
    // After the answer has left, as at Twilio.
    await sleep(5, undefined, { ref: false })
    for (const { status, code } of steps)
      update(text.sid, { status, errorCode: code, ...(status === 'failed' ? {} : { sentAt: new Date() }) })
    if (!tells || text.callback === null || told?.how === 'never') return
    const inOrder = told?.how === 'reversed' ? steps.toReversed() : steps
    for (const { status, code } of told?.how === 'twice' ? [...inOrder, ...inOrder] : inOrder)
      await postForm(text.callback, statusForm(SANDBOX_ACCOUNT, text, status, code), authToken)
  }

  async function receive({
    from,
    body,
    url,
  }: InboundText): Promise<{ status: number | null; answer: string | null }> {
    const text = remember(
      newText({
        direction: 'inbound',
        from,
        to: number,
        body,
        status: 'received',
        service: null,
        callback: null,
      }),
    )
    if (isStop(body)) optedOut.add(from)
    if (isStart(body)) optedOut.delete(from)
    const webhook = url ?? inboundUrls.get(from)
    if (webhook === undefined) return { status: null, answer: null }
    const told = await postForm(webhook, inboundForm(SANDBOX_ACCOUNT, text), authToken)
    const answer = told === null ? null : messageIn(told.body)
    // Who said stop is sent nothing more, an answer neither.
    if (answer !== null && !optedOut.has(from))
      remember(
        newText({
          direction: 'outbound-reply',
          from: number,
          to: from,
          body: answer,
          status: 'sent',
          service: null,
          callback: null,
        }),
      )
    return { status: told?.status ?? null, answer }
  }

  const signedIn = Buffer.from(`Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://sandbox')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    const given = Buffer.from(request.headers.authorization ?? '')
    const known = given.length === signedIn.length && timingSafeEqual(given, signedIn)
    const isNew =
      request.method === 'POST' && url.pathname === `/2010-04-01/Accounts/${accountSid}/Messages.json`
    if (known && isNew) {
      const text = await create(form, request.socket)
      if (text === null) return
      return 'kind' in text ? refuse(response, text) : send(response, 201, messageJson(text, accountSid))
    }
    const answered = known
      ? answerTo(request.method ?? 'GET', url, { accountSid, messagingServiceSid, number, texts })
      : { kind: 'refuse' as const, status: 401, code: 20003, message: 'Authenticate' }
    if ('kind' in answered) refuse(response, answered)
    else send(response, answered.status, answered.body)
  }

  const server = createServer((request, response) => {
    // A client that breaks off is none of the sandbox's business.
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'EADDRINUSE'
          ? new HoldfastError(
              'port_in_use',
              `Port ${options.port} of the SMS sandbox is taken. Stop the other program, or choose another port.`,
              { cause },
            )
          : cause,
      ),
    )
    server.listen(options.port, options.host, () => resolve())
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port

  return {
    host: options.host,
    port,
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    accountSid,
    authToken,
    messagingServiceSid,
    number,
    list: () => [...texts.values()].toReversed(),
    read: (sid) => texts.get(sid) ?? null,
    clear: () => texts.clear(),
    forget(numbers) {
      const gone = new Set(numbers)
      for (const text of texts.values())
        if (gone.has(text.to) || gone.has(text.from ?? '')) texts.delete(text.sid)
      for (let at = made.length - 1; at >= 0; at--) if (gone.has(made[at].to)) made.splice(at, 1)
      for (const number of numbers) inboundUrls.delete(number)
    },
    deliveries: () => [...made],
    inject: (rule) => faults.inject(rule),
    receive,
    async settled() {
      while (running.size > 0) await Promise.all(running)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await Promise.all(running)
    },
  }
}
