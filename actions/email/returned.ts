/**
 * What comes back to the addresses of an e-mail: reports of mail servers (RFC 3464), complaints of mailbox providers (RFC
 * 5965), answers of programs (RFC 3834) and of people. Anybody may write to such an address, so nothing here is believed
 * beyond what the address itself stands for.
 */
import PostalMime, { type Attachment, type Email } from 'postal-mime'
import { isAddressFault } from './verdict.ts'

export type Returned = { readonly at: Date | null } & (
  | DeliveryReport
  | {
      readonly kind: 'complaint'
      /** As RFC 5965 section 7.3 lists them: `abuse`, `fraud`, `not-spam`, … */
      readonly type: string
      /** Fields and headers of the original, where the address that it came to does not tell which it was. */
      readonly original: string
    }
  /** Out of office, a receipt, a list: nobody wrote it. */
  | { readonly kind: 'automatic' }
  | Answer
)

export interface DeliveryReport {
  readonly kind: 'report'
  readonly action: 'failed' | 'delayed' | 'delivered' | 'passed_on'
  /** RFC 3463: `5.1.1`; null: the report has none. */
  readonly status: string | null
  /** The address itself is at fault: it does not exist, or takes no mail any more. */
  readonly permanent: boolean
  /** What the other server said. */
  readonly detail: string | null
}

export interface Answer {
  readonly kind: 'answer'
  readonly messageId: string | null
  readonly from: { readonly name: string; readonly address: string } | null
  readonly subject: string
  /** Plain; from outside. */
  readonly text: string
}

/**
 * @param envelopeFrom empty for the null sender, from which only programs write
 * @returns never throws: what cannot be read is an answer without words
 * @example
 * (await readReturned(raw, { envelopeFrom: '' })).kind // 'report'
 */
export async function readReturned(
  raw: Uint8Array,
  { envelopeFrom }: { readonly envelopeFrom: string },
): Promise<Returned> {
  let mail: Email
  try {
    mail = await PostalMime.parse(raw, LIMITS)
  } catch {
    return { at: null, kind: 'answer', messageId: null, from: null, subject: '', text: '' }
  }
  const written = new Date(mail.date ?? '')
  const at = Number.isNaN(written.getTime()) ? null : written
  const part = (type: string) => mail.attachments.find(({ mimeType }) => mimeType === type)
  const complaint = part('message/feedback-report')
  if (complaint !== undefined) {
    const [fields] = fieldGroups(textOf(complaint))
    const rest = mail.attachments.filter(({ mimeType }) => ORIGINALS.has(mimeType)).map(headOf)
    return {
      at,
      kind: 'complaint',
      type: fields?.get('feedback-type')?.toLowerCase() ?? 'abuse',
      original: [textOf(complaint), ...rest].join('\n'),
    }
  }
  const status = part('message/delivery-status') ?? part('message/global-delivery-status')
  if (status !== undefined) return { at, ...reportOf(fieldGroups(textOf(status))) }
  if (part('message/disposition-notification') !== undefined) return { at, kind: 'automatic' }
  if (envelopeFrom === '' && isOldBounce(mail))
    return { at, kind: 'report', action: 'failed', ...oldFault(mail.text ?? '') }
  if (envelopeFrom === '' || isAutomatic(mail)) return { at, kind: 'automatic' }
  return {
    at,
    kind: 'answer',
    messageId: mail.messageId ?? null,
    from: mail.from?.address === undefined ? null : { name: mail.from.name, address: mail.from.address },
    subject: mail.subject ?? '',
    text: mail.text ?? '',
  }
}

/** The original is not merged into the text, and a mail of boxes in boxes is not followed far. */
const LIMITS = {
  forceRfc822Attachments: true,
  maxNestingDepth: 20,
  maxHeadersSize: 256 * 1024,
} as const

const ORIGINALS: ReadonlySet<string> = new Set(['message/rfc822', 'text/rfc822-headers', 'message/global'])

function textOf({ content }: Attachment): string {
  return typeof content === 'string' ? content : Buffer.from(content as Uint8Array).toString('utf8')
}

/** Headers alone: what people quote in a body is not theirs to say. */
function headOf(attachment: Attachment): string {
  const text = textOf(attachment).slice(0, 64 * 1024)
  const end = /\r?\n\r?\n/.exec(text)
  return (end === null ? text : text.slice(0, end.index)).replace(/\r?\n[ \t]+/g, ' ')
}

/** Fields of RFC 3464 section 2.1: groups apart by empty lines, the first of a report is about the message. */
function fieldGroups(text: string): readonly ReadonlyMap<string, string>[] {
  return text
    .slice(0, 256 * 1024)
    .replace(/\r\n?/g, '\n')
    .replace(/\n[ \t]+/g, ' ')
    .split(/\n{2,}/)
    .map((group) => {
      const fields = new Map<string, string>()
      for (const line of group.split('\n')) {
        const colon = line.indexOf(':')
        if (colon < 1) continue
        const name = line.slice(0, colon).trim().toLowerCase()
        if (!fields.has(name)) fields.set(name, line.slice(colon + 1).trim())
      }
      return fields
    })
    .filter((fields) => fields.size > 0)
}

/** The worst first: of several recipients one is ours, and each mail goes to one. */
const ACTIONS = ['failed', 'delayed', 'delivered', 'relayed', 'expanded']

function reportOf(groups: readonly ReadonlyMap<string, string>[]): DeliveryReport {
  const said = groups
    .filter((fields) => fields.has('action'))
    .map((fields) => ({ fields, rank: ACTIONS.indexOf(actionIn(fields)) }))
    .filter(({ rank }) => rank >= 0)
    .toSorted((a, b) => a.rank - b.rank)[0]?.fields
  // A report that reports nothing readable is no bounce.
  if (said === undefined)
    return { kind: 'report', action: 'passed_on', status: null, permanent: false, detail: null }
  const word = actionIn(said)
  const action = word === 'relayed' || word === 'expanded' ? 'passed_on' : (word as DeliveryReport['action'])
  // `smtp; 550 5.1.1 …`
  const detail = said.get('diagnostic-code')?.replace(/^[\w.-]+;\s*/, '') ?? null
  const stated = STATUS.exec(said.get('status') ?? '')?.[1] ?? null
  return { kind: 'report', action, ...faultOf(action, stated, detail), detail: detail?.slice(0, 500) ?? null }
}

const actionIn = (fields: ReadonlyMap<string, string>): string =>
  /^[a-z]+/.exec(fields.get('action')?.toLowerCase() ?? '')?.[0] ?? ''

const STATUS = /\b([245]\.\d{1,3}\.\d{1,3})\b/

/** Of `5.0.0` the other server's own words say more. */
function faultOf(
  action: DeliveryReport['action'],
  stated: string | null,
  detail: string | null,
): Pick<DeliveryReport, 'status' | 'permanent'> {
  const said = STATUS.exec(detail ?? '')?.[1] ?? null
  const vague = stated === null || stated.endsWith('.0.0')
  const status = vague ? (said ?? stated) : stated
  const reply = Number(/^([45]\d\d)\b/.exec(detail ?? '')?.[1] ?? 0)
  const exact = status === null || status.endsWith('.0.0') ? '' : status
  const permanent = action === 'failed' && isAddressFault(exact, reply, detail ?? '', true)
  return { status, permanent }
}

/** Servers from before RFC 3464, such as qmail: a mail of nobody that says in words what happened. */
function isOldBounce(mail: Email): boolean {
  return (
    /^(mailer-daemon|postmaster)@/i.test(mail.from?.address ?? '') ||
    /undeliver|delivery (status|fail)|failure notice|returned mail|unzustellbar/i.test(mail.subject ?? '')
  )
}

function oldFault(text: string): Omit<DeliveryReport, 'kind' | 'action'> {
  const line =
    text.split(/\r?\n/).find((one) => /\b[45]\d\d[ -]|\b[45]\.\d{1,3}\.\d{1,3}\b/.test(one)) ?? null
  const detail = line === null ? null : line.replace(/^.*?(?=\b[45]\d\d[ -])/, '').slice(0, 500)
  return { ...faultOf('failed', null, detail), detail }
}

function isAutomatic(mail: Email): boolean {
  const header = (name: string) => mail.headers.find(({ key }) => key === name)?.value.toLowerCase() ?? ''
  const submitted = header('auto-submitted')
  return (
    (submitted !== '' && !/^no\b/.test(submitted)) ||
    /^(auto_reply|bulk|junk|list)\b/.test(header('precedence')) ||
    ['x-autoreply', 'x-autorespond', 'list-id'].some((name) => header(name) !== '') ||
    /^\s*(automatic reply|auto(matic)?[- ]?(reply|response)|out of (the )?office|automatische antwort|abwesen)/i.test(
      mail.subject ?? '',
    )
  )
}
